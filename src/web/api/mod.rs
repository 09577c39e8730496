//! The JSON API: a file per noun, each with its routes.

pub mod carriers;
pub mod manifests;
pub mod people;
pub mod print_jobs;
pub mod stations;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every route under `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(carriers::routes())
        .merge(manifests::routes())
        .merge(people::routes())
        .merge(print_jobs::routes())
        .merge(stations::routes())
}
