//! Looking at tasks and totes.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::TaskState;
use super::{PickError, sql};
use crate::db::Tx;
use crate::kernel::ids::{PickTaskId, WarehouseId, WaveId};
use crate::kernel::text::scanned;
use crate::location::ops::place;
use crate::{args, row};

row! {
    /// A task in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct TaskSummary {
        /// Its id.
        pub id: PickTaskId,
        /// Its order.
        pub order: String,
        /// Where it stands.
        pub state: TaskState,
        /// Who has it.
        pub person: Option<String>,
        /// Lines still to be picked.
        pub lines_open: i64,
        /// The tote that goods go into.
        pub tote: Option<String>,
    }
}

row! {
    /// What is in a tote.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct ToteContent {
        /// The SKU.
        pub sku: String,
        /// Its English name.
        pub name_en: String,
        /// Its Chinese name.
        pub name_zh: String,
        /// The lot.
        pub lot: String,
        /// Pieces.
        pub quantity: i64,
    }
}

/// The tasks of a wave, behind `after`.
///
/// # Errors
/// A failure of the database.
pub async fn tasks(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    wave: WaveId,
    after: PickTaskId,
    limit: i64,
) -> Result<Vec<TaskSummary>, PickError> {
    Ok(tx.all(sql::LIST_TASKS, args![warehouse, wave, after, limit.clamp(1, 1000)]).await?)
}

/// What is in a tote.
///
/// # Errors
/// [`PickError::NotATote`], or a failure of the database.
pub async fn tote(tx: &mut Tx<'_>, warehouse: WarehouseId, code: &str) -> Result<Vec<ToteContent>, PickError> {
    let found = place(tx, warehouse, code).await?;
    let found = found.ok_or_else(|| PickError::NotATote { scanned: scanned(code) })?;
    Ok(tx.all(sql::LIST_TOTE, args![warehouse, found.id]).await?)
}
