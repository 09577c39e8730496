//! The JSON API: a file per noun, each with its routes.

pub mod carriers;
pub mod channels;
pub mod deliveries;
pub mod events;
pub mod manifests;
pub mod orders;
pub mod packing;
pub mod parcels;
pub mod people;
pub mod picking;
pub mod print_jobs;
pub mod stations;
pub mod waves;
pub mod waybills;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Every route under `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(carriers::routes())
        .merge(events::routes())
        .merge(channels::routes())
        .merge(deliveries::routes())
        .merge(manifests::routes())
        .merge(orders::routes())
        .merge(packing::routes())
        .merge(parcels::routes())
        .merge(people::routes())
        .merge(picking::routes())
        .merge(print_jobs::routes())
        .merge(stations::routes())
        .merge(waves::routes())
        .merge(waybills::routes())
}
