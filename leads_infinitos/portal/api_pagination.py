"""Lists come in pages of 50 (`?page=`, `?page_size=` up to 500)."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    page_size_query_param = "page_size"
    max_page_size = 500
