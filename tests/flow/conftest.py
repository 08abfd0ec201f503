# SPDX-License-Identifier: ISC
"""Fixtures: `pabal` is an instance that a module's tests share, `make_pabal`
makes one for a single test.  A test fails when a daemon crashed or complained
during it; the log of a failed test is shown."""
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from pabal import Instance  # noqa: E402

# Core files would be a crash seen twice; the log already tells.
LOG_LINES = int(os.environ.get("PABAL_LOG_LINES", 60))


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "allow(*words): log lines with these words are no alarm")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when != "call" and not report.failed:
        return
    if report.failed:
        found = [v for v in item.funcargs.values() if isinstance(v, Instance)]
        found += getattr(item, "pabal_made", [])
        for one in {id(f): f for f in found}.values():
            lines = one.log().splitlines()[-LOG_LINES:]
            report.sections.append(("log of " + one.dir, "\n".join(lines)))


def begin(request, *settings, **kw):
    """A started instance with the module's CONF and SETTINGS."""
    instance = Instance(**kw)
    try:
        for daemon, parameter, value in \
                list(getattr(request.module, "CONF", [])) + list(settings):
            instance.conf(daemon, parameter, value)
        prepare = getattr(request.module, "prepare", None)
        if prepare is not None:
            prepare(instance)
        instance.start()
    except BaseException:
        print(instance.log(), file=sys.stderr)
        instance.running = os.path.exists(
            os.path.join(instance.dir, "run", "master.pid"))
        try:
            instance.close()
        except Exception as e:  # the first error is the one to be told
            print(e, file=sys.stderr)
        raise
    return instance


@pytest.fixture(scope="module")
def shared_pabal(request):
    instance = begin(request, users=getattr(request.module, "USERS",
                                            ("alice", "bob")))
    yield instance
    instance.close()


def allow(request, instance):
    instance.allowed = [w for m in request.node.iter_markers("allow")
                        for w in m.args]


@pytest.fixture
def pabal(request, shared_pabal):
    """The module's instance; what it logged during the test is checked."""
    allow(request, shared_pabal)
    yield shared_pabal
    alarms = shared_pabal.new_alarms()
    assert not alarms, "\n".join(alarms)


@pytest.fixture
def make_pabal(request):
    """A function that makes started instances which end with the test."""
    made = request.node.pabal_made = []

    def make(*settings, **kw):
        made.append(begin(request, *settings, **kw))
        allow(request, made[-1])
        return made[-1]

    yield make
    alarms = [a for i in made for a in i.alarms()]
    errors = []
    for instance in made:
        try:
            instance.close()
        except Exception as e:
            errors.append(str(e))
    assert not errors, "\n".join(errors)
    assert not alarms, "\n".join(alarms)


@pytest.fixture
def open_dir():
    """A directory that every user can reach (tmp_path is the caller's own)."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pabal-open-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
