"""Routes of lists and imports under /api/."""

from rest_framework.routers import SimpleRouter

from extraction.api.imports import ImportViewSet
from extraction.api.lists import ListViewSet

router = SimpleRouter()
router.register("lists", ListViewSet, basename="api-lists")
router.register("imports", ImportViewSet, basename="api-imports")

urlpatterns = router.urls
