//! People and who am I.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::actor::Right;
use crate::kernel::ids::PersonId;
use crate::people::ops::{AddPerson, PersonAdded};
use crate::web::{Caller, Json, Viewer, WebError};

/// The routes of people.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(me)).routes(routes!(add_person))
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
#[utoipa::path(get, path = "/me", tag = "people", responses((status = 200, body = Me)))]
async fn me(viewer: Viewer) -> Json<Me> {
    let Viewer { actor, .. } = viewer;
    Json(Me { person_id: actor.person, number: actor.number, rights: actor.rights.into_iter().collect() })
}

/// Make a person with roles.
#[utoipa::path(post, path = "/people", tag = "people", request_body = AddPerson,
    params(("Idempotency-Key" = String, Header)), responses((status = 200, body = PersonAdded)))]
async fn add_person(
    State(app): State<App>,
    caller: Caller,
    Json(input): Json<AddPerson>,
) -> Result<Json<PersonAdded>, WebError> {
    Ok(Json(app.operate(caller.context, input).await?))
}
