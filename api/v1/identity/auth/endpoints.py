"""Registering, logging in and out, and the caller's login."""

from starlette.responses import Response

from api.access.callers import AnonymousCaller, AnyCaller, CurrentUser, Now, Services
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, created, ok
from api.http.idempotency import OptionalKey, store_response
from api.http.operation_errors import raises
from api.http.rate_limits import RateClass, limited
from api.http.request_info import request_info
from api.v1.identity.auth.handlers import log_in, log_out
from api.v1.identity.auth.handlers import refresh as refresh_tokens
from api.v1.identity.auth.schemas import (
    ChallengeRead,
    EndedRead,
    LoginCreate,
    LoginRead,
    RefreshCreate,
    RegisterCreate,
    TokensRead,
    UserRead,
)
from db.identity.single_use_links import VERIFICATION
from db.identity.users import NewUser
from domain.errors import AlreadyExists, Unauthenticated
from domain.identity.passwords import check_password

router = routing.router("/auth", tags=["auth"])


@router.post(
    "/register",
    status_code=201,
    summary="Register a login",
    response_model=Envelope[UserRead],
)
@raises(AlreadyExists)
@limited(RateClass.AUTH)
async def register(body: RegisterCreate, caller: AnyCaller, services: Services, now: Now, key: OptionalKey) -> Response:
    """The password has at least 8 characters with upper and lower case, a digit and a symbol, and is not the
    e-mail. A message asks to confirm the e-mail address."""
    check_password(body.password, body.email)
    language = body.language or request_info().language.value
    password_hash = await services.passwords.hash(body.password)
    async with caller.work(key) as work:
        user = await work.identity.users.create(
            NewUser(body.email, password_hash, body.family_name, body.given_name, language)
        )
        await work.identity.single_use_links.send(VERIFICATION, user, services.links, now)
        return await store_response(work, created(UserRead.of(user), SuccessMessage.REGISTERED))


@router.post(
    "/login",
    summary="Log in",
    response_model=Envelope[LoginRead | ChallengeRead],
)
@raises(log_in)
@limited(RateClass.LOGIN)
async def login(body: LoginCreate, caller: AnonymousCaller, services: Services, now: Now) -> Response:
    """Opens a session. Answers alike, in body and in time, whether or not the e-mail is known; five failures within 15
    minutes lock the e-mail for 30 minutes, for requests from their network; a device that sends its ``device_token`` is
    counted separately. With two-factor login on, the answer is a challenge instead. Takes no ``Idempotency-Key``: a
    stored answer would be a stored token."""
    return ok(await log_in(caller, services, body, now), SuccessMessage.LOGGED_IN)


@router.post(
    "/refresh",
    summary="Refresh the tokens of a session",
    response_model=Envelope[TokensRead],
)
@raises(refresh_tokens)
async def refresh(body: RefreshCreate, caller: AnonymousCaller, services: Services, now: Now) -> Response:
    """A refresh token works once; the session lives for seven days from its last use. If a used token is sent again,
    its session ends and its user gets an e-mail. Two requests with the same token have the same effect: do not repeat a
    refresh, and let only one of several tabs refresh. Takes no ``Idempotency-Key``."""
    return ok(await refresh_tokens(caller, services, body.refresh_token, now))


@router.post("/logout", summary="Log out", response_model=Envelope[EndedRead])
async def logout(caller: CurrentUser, now: Now) -> Response:
    """Ends the session of the token: its refresh token and its access tokens become invalid. A repeat changes nothing,
    so it takes no ``Idempotency-Key``."""
    return ok(await log_out(caller, now), SuccessMessage.LOGGED_OUT)


@router.get("/me", summary="Get my login", response_model=Envelope[UserRead])
async def get_me(caller: CurrentUser) -> Response:
    """The login of the token."""
    async with caller.work() as work:
        user = await work.identity.users.find(caller.id)
    if user is None:
        raise Unauthenticated({"reason": "no_user"})
    return ok(UserRead.of(user))
