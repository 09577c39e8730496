//! The JSON API: a file per noun, each with its routes.

pub mod people;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every route under `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(people::routes())
}
