//! The journal of events: who did what, when, on what.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::db::journal::{self, EventRow};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{EventId, PersonId};
use crate::web::{Json, Problem, Query, Viewer, WebError};

/// The routes of events.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// An event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Its id; grows.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person_id: PersonId,
    /// What, for example `wave.released`.
    pub kind: String,
    /// On what: the kind of thing.
    pub subject_kind: String,
    /// On what: its id.
    pub subject_id: i64,
    /// What a reader needs to know besides.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

impl From<EventRow> for EventView {
    fn from(event: EventRow) -> Self {
        let EventRow { id, at, person_id, kind, subject_kind, subject_id, data } = event;
        let data = serde_json::from_str(&data).unwrap_or_default();
        Self { id, at, person_id, kind, subject_kind, subject_id, data }
    }
}

/// Which events a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Behind this event.
    pub after: Option<EventId>,
    /// Most rows, 100 where it isn't said.
    pub limit: Option<i64>,
}

/// Events, the oldest first. Whoever asks again behind the last one misses none.
#[utoipa::path(get, path = "/events", tag = "events", params(EventsQuery),
    responses((status = 200, body = Vec<EventView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
async fn list_events(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<EventsQuery>,
) -> Result<Json<Vec<EventView>>, WebError> {
    viewer.require(Right::Audit)?;
    let warehouse = viewer.warehouse;
    let (after, limit) = (asked.after.unwrap_or(EventId(0)), asked.limit.unwrap_or(100).clamp(1, 1000));
    let events = app.db.read(|tx| Box::pin(journal::events_after(tx, warehouse, after, limit))).await?;
    Ok(Json(events.into_iter().map(EventView::from).collect()))
}
