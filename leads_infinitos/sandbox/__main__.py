"""`python -m leads_infinitos.sandbox`."""

import sys

from leads_infinitos.sandbox.cli import main

sys.exit(main())
