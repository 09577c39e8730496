//! People, who am I, and tokens.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::{Right, Role};
use crate::kernel::ids::PersonId;
use crate::people::ops::{
    self, ActivatePerson, AddPerson, DeactivatePerson, PersonAdded, PersonChanged, PersonView, SetRoles,
};
use crate::web::{Caller, Json, Path, Problem, Query, Viewer, WebError};

/// The routes of people.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(list_people, add_person))
        .routes(routes!(deactivate))
        .routes(routes!(activate))
        .routes(routes!(set_roles))
}

/// Who a token speaks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person.
    pub person_id: PersonId,
    /// Their number.
    pub number: String,
    /// What they may do.
    pub rights: Vec<Right>,
}

/// Who the token speaks for, and what they may do.
#[utoipa::path(get, path = "/me", tag = "people", responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(viewer: Viewer) -> Json<Me> {
    let Viewer { actor, .. } = viewer;
    Json(Me { person_id: actor.person, number: actor.number, rights: actor.rights.into_iter().collect() })
}

/// Which people a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleQuery {
    /// Behind this person.
    pub after: Option<PersonId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Everybody, with their roles.
#[utoipa::path(get, path = "/people", tag = "people", params(PeopleQuery),
    responses((status = 200, body = Vec<PersonView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_people(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<PeopleQuery>,
) -> Result<Json<Vec<PersonView>>, WebError> {
    viewer.require(Right::PeopleManage)?;
    let warehouse = viewer.warehouse;
    let (after, limit) = (asked.after.unwrap_or(PersonId(0)), asked.limit.unwrap_or(100));
    Ok(Json(app.db.read(|tx| Box::pin(ops::list(tx, warehouse, after, limit))).await?))
}

/// Make a person with roles.
#[utoipa::path(post, path = "/people", tag = "people", request_body = AddPerson,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonAdded), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
async fn add_person(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<AddPerson>,
) -> Result<Json<PersonAdded>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}

/// Somebody has left: their tokens end at once, and their open work goes to others.
#[utoipa::path(post, path = "/people/{person}/deactivate", tag = "people",
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
) -> Result<Json<PersonChanged>, WebError> {
    let changed = app.operate(caller.context, DeactivatePerson { person }).await?;
    app.tokens.forget();
    Ok(Json(changed))
}

/// Somebody is back. They need new tokens.
#[utoipa::path(post, path = "/people/{person}/activate", tag = "people",
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
async fn activate(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
) -> Result<Json<PersonChanged>, WebError> {
    Ok(Json(app.operate(caller.context, ActivatePerson { person }).await?))
}

/// What somebody is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoles {
    /// Their roles from now on; at least one.
    pub roles: Vec<Role>,
}

/// Give a person other roles instead of the ones they have.
#[utoipa::path(put, path = "/people/{person}/roles", tag = "people", request_body = NewRoles,
    params(("person" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PersonChanged), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn set_roles(
    State(app): State<App>,
    caller: Caller,
    Path(person): Path<PersonId>,
    Json(NewRoles { roles }): Json<NewRoles>,
) -> Result<Json<PersonChanged>, WebError> {
    let changed = app.operate(caller.context, SetRoles { person, roles }).await?;
    app.tokens.forget();
    Ok(Json(changed))
}
