"""Roles and lifetime of API keys."""

from datetime import timedelta

import pytest

from domain.users.api_key import ApiKey, hash_key
from domain.users.user import Role
from services.shared.clock import now


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("limit", list(Role))
def test_a_limited_role_is_the_lower_one(role: Role, limit: Role) -> None:
    order = list(Role)
    assert role.at_most(limit) is order[min(order.index(role), order.index(limit))]


def test_a_key_is_valid_until_its_expiry_or_revocation() -> None:
    made = now()
    key = ApiKey(
        id="1",
        name="import",
        role=Role.READER,
        owner="admin",
        hint="tl_",
        key_hash=hash_key("tl_x"),
        created_at=made,
        expires_at=made + timedelta(days=1),
    )
    assert key.valid_at(made)
    assert not key.valid_at(key.expires_at)
    assert not key.model_copy(update={"revoked_at": made}).valid_at(made)
