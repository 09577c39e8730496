//! What roles may do: what the program gives them, or what the firm made of it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::ops::PersonChanged;
use super::{PeopleError, sql};
use crate::args;
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::actor::{Right, Role};
use crate::kernel::ids::{PersonId, WarehouseId};

/// What a role may do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RoleRights {
    /// The role.
    pub role: Role,
    /// What it may do.
    pub rights: Vec<Right>,
    /// Whether the firm changed it.
    pub changed: bool,
}

/// Rights that are kept as a list; names that this program doesn't know give nothing.
fn kept(list: &str) -> Vec<Right> {
    let codes: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    codes.iter().filter_map(|code| Right::from_code(code)).collect()
}

/// The roles of a person, and all that they may do.
pub(super) async fn of_person(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<Right>, DbError> {
    let roles: Vec<(Role, Option<String>)> = tx.all(sql::SELECT_ROLES, args![person]).await?;
    let rights = roles.into_iter().flat_map(|(role, changed)| match changed {
        Some(list) if role != Role::Administrator => kept(&list),
        _ => role.rights().to_vec(),
    });
    Ok(rights.collect())
}

/// What every role may do.
///
/// # Errors
/// A failure of the database.
pub async fn list(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<Vec<RoleRights>, DbError> {
    let changed: Vec<(Role, String)> = tx.all(sql::SELECT_CHANGED_ROLES, args![warehouse]).await?;
    let of = |role: Role| match changed.iter().find(|(changed, _)| *changed == role) {
        Some((_, list)) => RoleRights { role, rights: kept(list), changed: true },
        None => RoleRights { role, rights: role.rights().to_vec(), changed: false },
    };
    Ok(Role::ALL.iter().copied().map(of).collect())
}

/// Changes what a role may do.
#[derive(Debug, Serialize)]
pub struct SetRights {
    /// The role; not the administrator, who would lock everybody out.
    pub role: Role,
    /// What it may do from now on; `None` for what the program gives it.
    pub rights: Option<Vec<Right>>,
}

impl Operation for SetRights {
    const KIND: &'static str = "people.rights";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        if !op.may(Right::PeopleManage) {
            return Err(PeopleError::Forbidden { right: Right::PeopleManage.code() });
        }
        if self.role == Role::Administrator {
            return Err(PeopleError::RoleFixed { role: self.role });
        }
        // Nothing below may fail for a business reason.
        let warehouse = op.warehouse();
        match &self.rights {
            Some(rights) => {
                op.tx.exec(sql::PUT_RIGHTS, args![warehouse, self.role, json!(rights).to_string()]).await?;
            }
            None => {
                op.tx.exec(sql::DELETE_RIGHTS, args![warehouse, self.role]).await?;
            }
        }
        let data = json!({ "role": self.role, "rights": self.rights });
        op.record("role.rights_set", ("warehouse", warehouse.0), &data);
        Ok(PersonChanged {})
    }
}
