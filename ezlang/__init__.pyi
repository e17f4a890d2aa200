from ezlang.diagnostics.diagnostic import EzError as EzError
from ezlang.notebook import load_ipython_extension as load_ipython_extension
from ezlang.programs import Program as Program
from ezlang.programs import Result as Result
from ezlang.programs import load as load
from ezlang.programs import loads as loads

__version__: str
