//! Passwords, PINs and badges: set by whoever manages people, passwords and PINs by their owner too.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::ops::{PersonChanged, changeable};
use super::sessions::{Hand, Theme};
use super::{PeopleError, sql};
use crate::args;
use crate::db::{Op, Operation};
use crate::kernel::ids::PersonId;
use crate::messages::Language;

/// Whoever acts may change this person's secrets: their own, or anybody's where they manage people.
async fn allowed(op: &mut Op<'_, '_>, person: PersonId) -> Result<(), PeopleError> {
    if person == op.person() { Ok(()) } else { changeable(op, person).await.map(|_| ()) }
}

/// Gives a person a new password. Set by somebody else, it ends their sessions; set by themselves, it leaves them.
#[derive(Debug, Serialize)]
pub struct SetPassword {
    /// Whose.
    pub person: PersonId,
    /// Argon2id of it. The owner's old one was looked at before.
    #[serde(skip)]
    pub hash: String,
}

impl Operation for SetPassword {
    const KIND: &'static str = "people.password";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        allowed(op, self.person).await?;
        // Nothing below may fail for a business reason.
        let at = op.at();
        op.tx.exec(sql::SET_PASSWORD, args![self.person, &self.hash]).await?;
        if self.person != op.person() {
            op.tx.exec(sql::END_SESSIONS_OF, args![self.person, at]).await?;
        }
        op.tx.exec(sql::FORGIVE, args![self.person]).await?;
        op.record("person.password_set", ("person", self.person.0), &json!({}));
        Ok(PersonChanged {})
    }
}

/// Gives a person a new PIN for their badge.
#[derive(Debug, Serialize)]
pub struct SetPin {
    /// Whose.
    pub person: PersonId,
    /// Argon2id of it; empty to take it away.
    #[serde(skip)]
    pub hash: String,
}

impl Operation for SetPin {
    const KIND: &'static str = "people.pin";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        allowed(op, self.person).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_PIN, args![self.person, &self.hash]).await?;
        op.tx.exec(sql::FORGIVE, args![self.person]).await?;
        op.record("person.pin_set", ("person", self.person.0), &json!({}));
        Ok(PersonChanged {})
    }
}

/// Gives a person a new badge; the old one ends at once.
#[derive(Debug, Serialize)]
pub struct IssueBadge {
    /// Whose.
    pub person: PersonId,
    /// SHA-256 of what it says, which is made anew for every request and never stored.
    #[serde(skip)]
    pub hash: String,
}

/// A badge was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BadgeIssued {
    /// What is stored of it: a repeated request sees by it that its own code isn't the badge's.
    pub hash: String,
}

impl Operation for IssueBadge {
    const KIND: &'static str = "people.badge";
    type Answer = BadgeIssued;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<BadgeIssued, PeopleError> {
        if !op.may(crate::kernel::actor::Right::PeopleManage) {
            return Err(PeopleError::Forbidden { right: crate::kernel::actor::Right::PeopleManage.code() });
        }
        allowed(op, self.person).await?;
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_BADGE, args![self.person, &self.hash]).await?;
        op.record("person.badge_issued", ("person", self.person.0), &json!({}));
        Ok(BadgeIssued { hash: self.hash.clone() })
    }
}

/// How one's own screens look.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPreferences {
    /// The language.
    pub language: Language,
    /// The theme.
    #[serde(default = "own_theme")]
    pub theme: Theme,
    /// The hand whose thumb works the lower bar.
    #[serde(default = "right_hand")]
    pub hand: Hand,
}

const fn own_theme() -> Theme {
    Theme::Own
}

const fn right_hand() -> Hand {
    Hand::Right
}

impl Operation for SetPreferences {
    const KIND: &'static str = "people.preferences";
    type Answer = PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<PersonChanged, PeopleError> {
        let person = op.person();
        op.tx.exec(sql::SET_PREFERENCES, args![person, self.language, self.theme, self.hand]).await?;
        Ok(PersonChanged {})
    }
}
