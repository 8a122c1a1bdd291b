"""A builtin that returns NULL without an exception, or a result with one, is a SystemError, however it is called."""

import _testcapi


def called_by_name():
    try:
        _testcapi.return_null_without_error()
    except SystemError as error:
        return str(error)[:60]


def called_with_error():
    try:
        _testcapi.return_result_with_error()
    except SystemError as error:
        return str(error)[:60], repr(error.__cause__)


def called(function):
    try:
        return function()
    except SystemError as error:
        return str(error)[:60], repr(error.__cause__)


for _ in range(60):
    shown = called_by_name(), called_with_error(), called(_testcapi.return_null_without_error)
    shown += (called(_testcapi.return_result_with_error), called(dict))
print(shown)
