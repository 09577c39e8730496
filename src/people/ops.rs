//! Making people, and changing what they may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PeopleError, sql};
use crate::args;
use crate::db::{DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::{Actor, Right, Role};
use crate::kernel::ids::{PersonId, WarehouseId};
use crate::messages::Language;

/// Makes a person with roles.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
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
        if let Some((field, ..)) = [("number", number, 60), ("name", self.name.trim(), 200)].into_iter().find(too_long)
        {
            return Err(PeopleError::TooLong { field });
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
        op.record("person.added", ("person", person_id.0), &data);
        Ok(PersonAdded { person_id })
    }
}

/// Whether a named text is longer than it may be.
pub(super) fn too_long((_, text, most): &(&'static str, &str, usize)) -> bool {
    text.len() > *most
}

/// Something about people was done, and there is nothing more to say.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PersonChanged {}

/// A person who may be changed by whoever asks, locked.
pub(super) async fn changeable(op: &mut Op<'_, '_>, person: PersonId) -> Result<(String, bool), PeopleError> {
    if !op.may(Right::PeopleManage) {
        return Err(PeopleError::Forbidden { right: Right::PeopleManage.code() });
    }
    let warehouse = op.warehouse();
    let found: Option<(String, bool)> = op.tx.opt(sql::SELECT_LOCKED, args![warehouse, person]).await?;
    let found = found.ok_or_else(|| PeopleError::NotFound { what: "person", code: person.to_string() })?;
    if person == op.person() || person == Actor::system().person {
        return Err(PeopleError::NotThisOne {});
    }
    Ok(found)
}

/// Somebody has left: their tokens, sessions, badge and password end, and their open work goes to others.
#[derive(Debug, Serialize)]
pub struct DeactivatePerson {
    /// Who.
    pub person: PersonId,
}

impl Operation for DeactivatePerson {
    const KIND: &'static str = "people.deactivate";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        changeable(op, self.person).await?;
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::SET_ACTIVE, args![self.person, false]).await?;
        let tokens = op.tx.exec(sql::REVOKE_ALL_OF, args![self.person, at]).await?;
        let sessions = op.tx.exec(sql::END_SESSIONS_OF, args![self.person, at]).await?;
        op.tx.exec(sql::CLEAR_CREDENTIALS, args![self.person]).await?;
        let tasks = crate::picking::task::release_all_of(op, self.person).await?;
        let data = serde_json::json!({ "tokens": tokens, "sessions": sessions, "tasks": tasks });
        op.record("person.deactivated", ("person", self.person.0), &data);
        Ok(PersonChanged {})
    }
}

/// Somebody is back. They need a new badge, password or token.
#[derive(Debug, Serialize)]
pub struct ActivatePerson {
    /// Who.
    pub person: PersonId,
}

impl Operation for ActivatePerson {
    const KIND: &'static str = "people.activate";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        changeable(op, self.person).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_ACTIVE, args![self.person, true]).await?;
        op.record("person.activated", ("person", self.person.0), &serde_json::json!({}));
        Ok(PersonChanged {})
    }
}

/// Gives a person other roles instead of the ones they have.
#[derive(Debug, Serialize)]
pub struct SetRoles {
    /// Who.
    pub person: PersonId,
    /// What they are from now on; at least one.
    pub roles: Vec<Role>,
}

impl Operation for SetRoles {
    const KIND: &'static str = "people.roles";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        changeable(op, self.person).await?;
        if self.roles.is_empty() {
            return Err(PeopleError::Incomplete {});
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::DELETE_ROLES, args![self.person]).await?;
        for role in &self.roles {
            op.tx.exec(sql::INSERT_ROLE, args![self.person, *role]).await?;
        }
        let data = serde_json::json!({ "roles": self.roles });
        op.record("person.roles_set", ("person", self.person.0), &data);
        Ok(PersonChanged {})
    }
}

/// A person as a list shows them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// Their id.
    pub id: PersonId,
    /// Their number.
    pub number: String,
    /// Their name.
    pub name: String,
    /// Their language.
    pub language: Language,
    /// Whether they work here.
    pub active: bool,
    /// Since when they are known.
    pub created_at: Timestamp,
    /// What they are.
    pub roles: Vec<Role>,
}

/// A page of people behind `after`.
///
/// # Errors
/// A failure of the database.
pub async fn list(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    after: PersonId,
    limit: i64,
) -> Result<Vec<PersonView>, DbError> {
    let people: Vec<(PersonId, String, String, Language, bool, Timestamp)> =
        tx.all(sql::LIST, args![warehouse, after, limit.clamp(1, 1000)]).await?;
    let Some(last) = people.last().map(|(id, ..)| *id) else { return Ok(Vec::new()) };
    let roles: Vec<(PersonId, Role)> = tx.all(sql::LIST_ROLES, args![warehouse, after, last]).await?;
    let roles_of = |person| roles.iter().filter(|(id, _)| *id == person).map(|(_, role)| *role).collect();
    let view = |(id, number, name, language, active, created_at)| PersonView {
        id,
        number,
        name,
        language,
        active,
        created_at,
        roles: roles_of(id),
    };
    Ok(people.into_iter().map(view).collect())
}

/// The id of a person by number.
///
/// # Errors
/// A failure of the database.
pub async fn person_by_number(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    number: &str,
) -> Result<Option<PersonId>, DbError> {
    let found: Option<(PersonId,)> = tx.opt(sql::SELECT_PERSON, args![warehouse, number]).await?;
    Ok(found.map(|(id,)| id))
}
