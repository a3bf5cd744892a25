"""Registering, logging in, and who one is."""

from fastapi import APIRouter
from starlette.responses import Response

from api.auth.schemas import LoginCreate, LoginRead, RegisterCreate, UserRead
from api.auth.tokens import Login
from api.dependencies import Me, Now, PartsOf, Visit
from api.envelope import Envelope, Said, created, ok
from api.errors import body_errors, errors
from api.idempotency import OptionalKey, kept
from db.stores.users import NewUser
from domain.errors import (
    AlreadyExists,
    IdempotencyKeyReused,
    InvalidCredentials,
    RequestInProgress,
    Unauthenticated,
)
from domain.identity.passwords import check_password

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post(
    "/register",
    status_code=201,
    summary="Register a login",
    response_model=Envelope[UserRead],
    responses=body_errors(AlreadyExists, IdempotencyKeyReused, RequestInProgress, Unauthenticated),
)
async def register(body: RegisterCreate, visit: Visit, parts: PartsOf, key: OptionalKey) -> Response:
    """The password has at least 8 characters with upper and lower case, a digit and a symbol, and is not the
    e-mail."""
    check_password(body.password, body.email)
    password_hash = await parts.passwords.hash(body.password)
    async with visit.work(key) as work:
        user = await work.users.create(
            NewUser(body.email, password_hash, body.family_name, body.given_name, body.language)
        )
        return await kept(work, created(UserRead.of(user), Said.REGISTERED))


@router.post(
    "/login",
    summary="Log in",
    response_model=Envelope[LoginRead],
    responses=body_errors(InvalidCredentials, Unauthenticated),
)
async def login(body: LoginCreate, visit: Visit, parts: PartsOf, now: Now) -> Response:
    """Answers alike, in body and in time, whether or not the e-mail is known. Logging in changes nothing, so it takes
    no ``Idempotency-Key``: a stored answer would be a stored token."""
    async with visit.work() as work:
        found = await work.users.find_by_email(body.email)
    if not await parts.passwords.matches(body.password, found.password_hash if found else None) or found is None:
        raise InvalidCredentials
    token = parts.tokens.issue(Login(found.id, found.is_admin), now)
    seconds = int(parts.tokens.lifetime.total_seconds())
    answer = LoginRead(access_token=token, token_type="Bearer", expires_in=seconds, user=UserRead.of(found))  # noqa: S106
    return ok(answer, Said.LOGGED_IN)


@router.get("/me", summary="Who I am", response_model=Envelope[UserRead], responses=errors(Unauthenticated))
async def me(myself: Me) -> Response:
    """The login that the token speaks for."""
    async with myself.work() as work:
        user = await work.users.find(myself.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    return ok(UserRead.of(user))
