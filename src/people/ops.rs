//! Making people.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PeopleError, sql};
use crate::args;
use crate::db::{DbError, Op, Operation};
use crate::kernel::actor::{Right, Role};
use crate::kernel::ids::PersonId;
use crate::messages::Language;

/// Makes a person with roles.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AddPerson {
    /// Their number, as on the badge.
    pub number: String,
    /// Their name.
    pub name: String,
    /// Their language.
    pub language: Language,
    /// What they are.
    pub roles: Vec<Role>,
}

/// A person that was made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonAdded {
    /// Their id.
    pub person_id: PersonId,
}

impl Operation for AddPerson {
    const KIND: &'static str = "people.add";
    type Answer = PersonAdded;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonAdded, PeopleError> {
        if !op.may(Right::PeopleManage) {
            return Err(PeopleError::Forbidden { right: Right::PeopleManage.code() });
        }
        let number = self.number.trim();
        if number.is_empty() || self.name.trim().is_empty() || self.roles.is_empty() {
            return Err(PeopleError::Incomplete {});
        }
        let values = args![op.warehouse(), number, self.name.trim(), self.language, op.at()];
        let inserted: Option<(PersonId,)> = op.tx.opt(sql::INSERT_PERSON, values).await?;
        let Some((person_id,)) = inserted else {
            return Err(PeopleError::NumberTaken { number: number.to_owned() });
        };
        // Nothing below may fail for a business reason.
        for role in &self.roles {
            op.tx.exec(sql::INSERT_ROLE, args![person_id, *role]).await?;
        }
        let data = serde_json::json!({ "number": number, "roles": self.roles });
        op.record("person.added", ("person", person_id.0), &data).await?;
        Ok(PersonAdded { person_id })
    }
}

/// The id of a person by number.
///
/// # Errors
/// A failure of the database.
pub async fn person_by_number(
    tx: &mut crate::db::Tx<'_>,
    warehouse: crate::kernel::ids::WarehouseId,
    number: &str,
) -> Result<Option<PersonId>, DbError> {
    let found: Option<(PersonId,)> = tx.opt(sql::SELECT_PERSON, args![warehouse, number]).await?;
    Ok(found.map(|(id,)| id))
}
