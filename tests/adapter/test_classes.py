"""Every class of dbt-tests-adapter that has tests, as a class of this module."""
import importlib
import pathlib

import dbt.tests


def modules():
    top = pathlib.Path(dbt.tests.__path__[0])
    for file in sorted((top / "adapter").rglob("*.py")):
        parts = file.relative_to(top).with_suffix("").parts
        if parts[-1] != "__init__":
            yield importlib.import_module(".".join(("dbt", "tests") + parts))


def has_tests(cls):
    return any(name.startswith("test_") and callable(getattr(cls, name)) for name in dir(cls))


def is_base_of_another(cls, module):
    """TestX(BaseX) of the same module runs the same tests."""
    return any(isinstance(other, type) and cls in other.__bases__ and other.__name__.startswith("Test")
               for other in vars(module).values())


def classes():
    for module in modules():
        for name, cls in sorted(vars(module).items()):
            if isinstance(cls, type) and cls.__module__ == module.__name__ and name.startswith(("Base", "Test")) \
                    and has_tests(cls) and not is_base_of_another(cls, module):
                yield module.__name__.removeprefix("dbt.tests.adapter.").replace(".", "_"), name, cls


for part, name, cls in classes():
    title = f"Test_{part}_{name}"
    globals()[title] = type(title, (cls,), {"__test__": True, "__module__": __name__})
del cls
