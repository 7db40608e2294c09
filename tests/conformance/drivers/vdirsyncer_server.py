"""Our server as one of those that vdirsyncer's tests know: put among its own by the runner."""

import os

import pytest


class ServerMixin:
    """Gives the tests an account; they make and delete their own calendars."""

    storage_class: type  # the tests' own

    @pytest.fixture
    def get_storage_args(self, slow_create_collection, aio_connector):  # type: ignore[no-untyped-def]
        """Return a function that returns the arguments of a storage, its collection made."""

        async def inner(collection="test"):  # type: ignore[no-untyped-def]
            args = {
                "url": os.environ["PRAXIS_URL"],
                "username": os.environ["PRAXIS_ACCOUNT"],
                "password": os.environ["PRAXIS_PASSWORD"],
                "connector": aio_connector,
            }
            if collection is not None:
                args = await slow_create_collection(self.storage_class, args, collection)
            return args

        return inner
