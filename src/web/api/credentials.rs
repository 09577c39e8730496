//! What lets people in: passwords, PINs, badges, sessions; how their screens look; what roles may do.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::args;
use crate::db::{Context, DbError};
use crate::kernel::actor::{Right, Role};
use crate::kernel::ids::{PersonId, SessionId};
use crate::people::credentials::{IssueBadge, SetPassword, SetPin, SetPreferences};
use crate::people::ops::PersonChanged;
use crate::people::rights::{self, RoleRights, SetRights};
use crate::people::sessions::{self, EndSession, SessionEnded, SessionView};
use crate::people::{PeopleError, secrets, sql};
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of what lets people in.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(set_password))
        .routes(routes!(set_pin))
        .routes(routes!(issue_badge))
        .routes(routes!(own_password))
        .routes(routes!(own_pin))
        .routes(routes!(preferences))
        .routes(routes!(list_roles))
        .routes(routes!(set_rights, reset_rights))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// At least eight characters.
    pub password: String,
}

/// A new PIN.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPin {
    /// Four to eight digits; empty to take it away.
    pub pin: String,
}

/// What is known of a person's secrets: their number, password and PIN.
async fn known(app: &App, context: &Context, person: PersonId) -> Result<(String, String, String), WebError> {
    let warehouse = context.warehouse;
    let found: Option<(String, String, String)> =
        app.db.read(|tx| Box::pin(async move { tx.opt(sql::SELECT_SECRETS, args![warehouse, person]).await })).await?;
    found.ok_or_else(|| WebError::not_found("person", &person.to_string()))
}

async fn hashed(app: &App, secret: String) -> Result<String, WebError> {
    secrets::hash(secret, app.services.random.as_ref()).await.map_err(WebError::internal)
}

async fn change_password(
    app: &App,
    context: Context,
    person: PersonId,
    number: &str,
    password: String,
) -> Result<Json<PersonChanged>, WebError> {
    if !secrets::fits_password(&password, number) {
        return Err(PeopleError::BadPassword { least: secrets::SHORTEST_PASSWORD }.into());
    }
    let hash = hashed(app, password).await?;
    let changed = app.operate(context, SetPassword { person, hash }).await?;
    app.tokens.forget();
    Ok(Json(changed))
}

async fn change_pin(
    app: &App,
    context: Context,
    person: PersonId,
    pin: String,
) -> Result<Json<PersonChanged>, WebError> {
    if !pin.is_empty() && !secrets::fits_pin(&pin) {
        return Err(PeopleError::BadPin {}.into());
    }
    let hash = if pin.is_empty() { String::new() } else { hashed(app, pin).await? };
    Ok(Json(app.operate(context, SetPin { person, hash }).await?))
}

/// Whoever changes other people's secrets.
fn manages(caller: &Caller) -> Result<(), WebError> {
    let right = Right::PeopleManage;
    if caller.context.actor.may(right) { Ok(()) } else { Err(WebError::forbidden(right.code())) }
}

/// Give a person a new password; their sessions end.
#[utoipa::path(put, path = "/people/{person}/password", tag = "people", request_body = NewPassword,
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set_password(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
    Json(new): Json<NewPassword>,
) -> Result<Json<PersonChanged>, WebError> {
    manages(&caller)?;
    let (number, ..) = known(&app, &caller.context, person).await?;
    change_password(&app, caller.context, person, &number, new.password).await
}

/// Give a person a PIN for their badge.
#[utoipa::path(put, path = "/people/{person}/pin", tag = "people", request_body = NewPin,
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set_pin(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
    Json(new): Json<NewPin>,
) -> Result<Json<PersonChanged>, WebError> {
    manages(&caller)?;
    change_pin(&app, caller.context, person, new.pin).await
}

/// A badge that was issued.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewBadge {
    /// What it says, to be printed as a barcode. Shown in the first answer only.
    pub code: Option<String>,
}

/// Issue a badge for a person; their old one ends at once.
#[utoipa::path(post, path = "/people/{person}/badge", tag = "people",
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = NewBadge), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn issue_badge(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
) -> Result<Json<NewBadge>, WebError> {
    let code = secrets::new_badge(app.services.random.as_ref()).map_err(WebError::internal)?;
    let hash = secrets::badge_hash(&code);
    let issued = app.operate(caller.context, IssueBadge { person, hash: hash.clone() }).await?;
    Ok(Json(NewBadge { code: (issued.hash == hash).then_some(code) }))
}

/// One's own new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// The old one.
    pub old: String,
    /// The new one: at least eight characters.
    pub password: String,
}

/// Change one's own password.
#[utoipa::path(put, path = "/me/password", tag = "people", request_body = OwnPassword,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn own_password(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<OwnPassword>,
) -> Result<Json<PersonChanged>, WebError> {
    let person = caller.context.actor.person;
    let number = prove(&app, &caller, new.old).await?;
    change_password(&app, caller.context, person, &number, new.password).await
}

/// One's own new PIN.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPin {
    /// The password.
    pub password: String,
    /// The new PIN: four to eight digits; empty to take it away.
    pub pin: String,
}

/// Change one's own PIN.
#[utoipa::path(put, path = "/me/pin", tag = "people", request_body = OwnPin,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 401, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem),
        (status = 429, body = Problem)))]
async fn own_pin(
    State(app): State<App>,
    caller: Caller,
    Json(new): Json<OwnPin>,
) -> Result<Json<PersonChanged>, WebError> {
    let person = caller.context.actor.person;
    prove(&app, &caller, new.password).await?;
    change_pin(&app, caller.context, person, new.pin).await
}

/// Proves by their password that somebody is who the session says; gives their number. Guessing is slowed as at the door.
async fn prove(app: &App, caller: &Caller, password: String) -> Result<String, WebError> {
    let person = caller.context.actor.person;
    let (number, ..) = known(app, &caller.context, person).await?;
    if crate::people::login::prove(app, person, password).await? {
        Ok(number)
    } else {
        Err(PeopleError::WrongPassword {}.into())
    }
}

/// Change how one's own screens look.
#[utoipa::path(put, path = "/me/preferences", tag = "people", request_body = SetPreferences,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 401, body = Problem)))]
async fn preferences(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<SetPreferences>,
) -> Result<Json<PersonChanged>, WebError> {
    let changed = app.operate(caller.context, input).await?;
    app.tokens.forget();
    Ok(Json(changed))
}

/// What every role may do.
#[utoipa::path(get, path = "/roles", tag = "people",
    responses((status = 200, body = Vec<RoleRights>), (status = 403, body = Problem)))]
async fn list_roles(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<RoleRights>>, WebError> {
    viewer.require(Right::PeopleManage)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(rights::list(tx, warehouse))).await?))
}

/// What a role shall be able to do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRights {
    /// Its rights from now on.
    pub rights: Vec<Right>,
}

/// Change what a role may do, from everybody's next request on.
#[utoipa::path(put, path = "/roles/{role}/rights", tag = "people", request_body = NewRights,
    params(("role" = Role, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn set_rights(
    State(app): State<App>,
    caller: Caller,
    Path(role): Path<Role>,
    Json(NewRights { rights }): Json<NewRights>,
) -> Result<Json<PersonChanged>, WebError> {
    let changed = app.operate(caller.context, SetRights { role, rights: Some(rights) }).await?;
    app.tokens.forget();
    Ok(Json(changed))
}

/// Give a role back what the program gives it.
#[utoipa::path(delete, path = "/roles/{role}/rights", tag = "people",
    params(("role" = Role, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 409, body = Problem)))]
async fn reset_rights(
    State(app): State<App>,
    caller: Caller,
    Path(role): Path<Role>,
) -> Result<Json<PersonChanged>, WebError> {
    let changed = app.operate(caller.context, SetRights { role, rights: None }).await?;
    app.tokens.forget();
    Ok(Json(changed))
}

/// Who is logged in, and where.
#[utoipa::path(get, path = "/sessions", tag = "people",
    responses((status = 200, body = Vec<SessionView>), (status = 403, body = Problem)))]
async fn list_sessions(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<SessionView>>, WebError> {
    viewer.require(Right::PeopleManage)?;
    let (warehouse, now) = (viewer.warehouse, app.clock.now());
    let listed: Result<Vec<SessionView>, DbError> =
        app.db.read(|tx| Box::pin(sessions::list(tx, warehouse, now))).await;
    Ok(Json(listed?))
}

/// End a session at once.
#[utoipa::path(post, path = "/sessions/{session}/end", tag = "people",
    params(("session" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = SessionEnded), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Path(session): Path<SessionId>,
) -> Result<Json<SessionEnded>, WebError> {
    let ended = app.operate(caller.context, EndSession { session }).await?;
    app.tokens.forget();
    Ok(Json(ended))
}
