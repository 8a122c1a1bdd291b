"""The projects: where their tests are and how they are run. A row is one process that reports many cases."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Suite:
    """One process and the cases that it reports.

    `kind` says who runs the cases: `pytest`, `unittest`, `django` (its own runner), or `program` (one of ours, in programs/). `source`
    names the distribution whose unpacked sources are the working folder; without it the tests are in the installed package. `timed` are the
    ends of the names of cases that fail by the clock: they are not compared.
    """

    name: str
    kind: str
    arguments: tuple[str, ...]
    source: str = ""
    folder: str = "."
    build: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    seconds: int = 900
    share: float = 0.5
    timed: tuple[str, ...] = ()


def plain(*arguments: str, plugins: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Arguments of a pytest run that leaves out what a project's settings add: coverage, workers, files of an earlier run.

    Plugins are not loaded because they are installed, only by name.
    """
    named = [part for plugin in plugins for part in ("-p", plugin)]
    return ("-o", "addopts=", "-p", "no:cacheprovider", "-q", *named, *arguments)


def installed(*modules: str) -> tuple[str, ...]:
    """Arguments of a pytest run of tests that a package has installed."""
    return plain("--pyargs", *modules)


def modules(package: str, names: str) -> tuple[str, ...]:
    """Test modules for unittest."""
    return tuple(package + name for name in names.split())


SUITES = (
    # Stacks that are switched in the middle of compiled frames.
    Suite(
        "greenlet",
        "unittest",
        modules(
            "greenlet.tests.test_",
            "contextvars cpp extension_interface gc generator generator_nested greenlet greenlet_trash interpreter_shutdown "
            "stack_saved throw tracing version weakref",
        ),
        source="greenlet",
        folder="src",
        build=("setup.py", "-q", "build_ext", "--inplace"),
        environ={"PYTHONPATH": "."},
    ),
    Suite("greenlet switches", "program", ("switches.py",)),
    Suite(
        "gevent",
        "unittest",
        modules(
            "gevent.tests.test__",
            "event greenlet queue pool semaphore threadpool timeout hub local lock select socket server pywsgi contextvars "
            "greenletset joinall iwait order refcount",
        ),
    ),
    # Tracing and processes.
    *(
        Suite(
            f"coverage {core}",
            "pytest",
            plain("tests", plugins=("flaky.flaky_pytest_plugin", "xdist")),
            source="coverage",
            build=("setup.py", "-q", "build_ext", "--inplace"),
            environ={"COVERAGE_CORE": core},
        )
        for core in ("ctrace", "pytrace")
    ),
    Suite(
        "pytest",
        "pytest",
        plain(
            "testing/code",
            "testing/io",
            "testing/python",
            *modules(
                "testing/test_", "assertion.py capture.py mark.py monkeypatch.py runner.py skipping.py unittest.py"
            ),
            plugins=("pytester",),
        ),
        "pytest",
    ),
    Suite(
        "xdist",
        "pytest",
        plain(*modules("testing/test_", "dsession.py remote.py workermanage.py"), plugins=("pytester",)),
        "pytest-xdist",
        environ={"PYTEST_PLUGINS": "xdist.plugin"},  # the workers that its tests start read this, and no -p
    ),
    Suite(
        "attrs under coverage and xdist",
        "pytest",
        plain(
            "--import-mode=importlib",
            "-n",
            "2",
            "--cov=attr",
            "--cov-branch",
            "tests",
            plugins=("xdist", "pytest_cov", "_hypothesis_pytestplugin"),
        ),
        "attrs",
    ),
    Suite("debugpy", "program", ("debugger.py",)),
    # Servers.
    Suite("flask", "pytest", plain("tests"), "flask"),
    Suite("gunicorn", "pytest", plain("tests", plugins=("pytest_asyncio",)), "gunicorn"),
    Suite("flask under gunicorn", "program", ("gunicorn_load.py",)),
    Suite("asyncio and aiohttp servers", "program", ("asyncio_servers.py",)),
    # Libraries of much Python.
    Suite("attrs", "pytest", plain("--import-mode=importlib", "tests"), "attrs"),
    Suite("sqlalchemy", "pytest", plain("test/base", "test/engine", "test/ext", "test/sql"), "sqlalchemy"),
    Suite(
        "sqlalchemy orm",
        "pytest",
        plain(
            "test/orm/declarative",
            "test/orm/inheritance",
            "test/orm/test_session.py",
            "test/orm/test_query.py",
            "test/orm/test_unitofwork.py",
        ),
        "sqlalchemy",
    ),
    Suite(
        "django",
        "django",
        modules(
            "",
            "aggregation annotations basic bulk_create cache custom_lookups datetimes db_functions defer dispatch expressions "
            "expressions_case forms_tests generic_relations generic_views handlers i18n indexes lookup many_to_many middleware "
            "model_fields model_forms model_formsets pagination prefetch_related queries requests_tests select_related serializers "
            "sessions_tests signals template_tests test_client transactions urlpatterns urlpatterns_reverse utils_tests "
            "validation view_tests wsgi",
        ),
        "django",
        "tests",
        timed=("test_crafted_xml_performance",),
    ),
    Suite(
        "sympy",
        "pytest",
        installed(
            *modules("sympy.core.tests.test_", "arit evalf expr function numbers subs"), "sympy.logic", "sympy.sets"
        ),
    ),
    Suite(
        "sympy algebra",
        "pytest",
        installed(*modules("sympy.polys.tests.test_", "polytools rings densearith factortools"), "sympy.matrices"),
    ),
    Suite(
        "mypy",
        "pytest",
        plain(
            *modules(
                "mypy/test/test",
                "args.py constraints.py graph.py infer.py parse.py semanal.py solve.py subtypes.py transform.py types.py",
            ),
            "mypy/test/testcheck.py",
            "-k",
            "not TypeCheckSuite or Classes or Generics or Narrowing or Overloading or Protocols or Dataclasses",
        ),
        "mypy",
    ),
    Suite(
        "pydantic",
        "pytest",
        plain(
            "tests",
            "--ignore=tests/test_docs.py",
            plugins=("pytest_mock", "pytest_benchmark.plugin", "pytest_run_parallel.plugin"),
        ),
        "pydantic",
        share=0.3,  # makes functions faster than they can be compiled
    ),
    Suite("hypothesis", "program", ("properties.py",)),
    # Extension modules.
    Suite(
        "numpy",
        "pytest",
        installed(
            "numpy.polynomial",
            "numpy.ma.tests.test_core",
            *modules("numpy.lib.tests.test_", "arraypad index_tricks nanfunctions"),
        ),
    ),
    Suite(
        "cffi",
        "pytest",
        plain("testing/cffi0", "testing/cffi1/test_new_ffi_1.py", "testing/cffi1/test_parse_c_type.py"),
        "cffi",
    ),
    Suite("cffi callbacks", "program", ("cffi_callbacks.py",)),
    Suite("cython", "program", ("cython_extension.py",)),
)
