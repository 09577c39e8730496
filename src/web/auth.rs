//! Who calls: a bearer token, and for commands the operation key.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::problem::WebError;
use crate::app::App;
use crate::db::{Context, OperationKey};
use crate::kernel::actor::{Actor, Right};
use crate::kernel::ids::WarehouseId;

/// Somebody who looks at something.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Their warehouse.
    pub warehouse: WarehouseId,
    /// Who they are and what they may do.
    pub actor: Actor,
}

impl Viewer {
    /// Refuses where the right is missing.
    ///
    /// # Errors
    /// 403.
    pub fn require(&self, right: Right) -> Result<(), WebError> {
        if self.actor.may(right) { Ok(()) } else { Err(WebError::forbidden(right.code())) }
    }
}

/// Somebody who changes something: with an `Idempotency-Key`.
#[derive(Clone)]
pub struct Caller {
    /// The context of the operation that they ask for.
    pub context: Context,
}

impl FromRequestParts<App> for Viewer {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let unauthorized = || WebError::new(StatusCode::UNAUTHORIZED, "unauthorized", Vec::new());
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, secret) = header.and_then(|value| value.split_once(' ')).ok_or_else(unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unauthorized());
        }
        let holder = app.tokens.holder(&app.db, secret.trim(), app.clock.now()).await?;
        let holder = holder.ok_or_else(unauthorized)?;
        let viewer = Self { warehouse: holder.warehouse, actor: holder.actor };
        super::observe::person(&viewer.actor);
        viewer.require(Right::Read)?;
        Ok(viewer)
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, WebError> {
        let viewer = Viewer::from_request_parts(parts, app).await?;
        let mut sent = parts.headers.get_all("idempotency-key").iter();
        let key = match (sent.next(), sent.next()) {
            (Some(only), None) => only.to_str().ok().and_then(OperationKey::parse),
            _ => None,
        };
        let key = key.ok_or_else(|| WebError::new(StatusCode::BAD_REQUEST, "key.missing", Vec::new()))?;
        Ok(Self { context: app.context(viewer.warehouse, viewer.actor, key) })
    }
}

impl crate::refusal::Refusal for crate::db::DbError {
    fn code(&self) -> &'static str {
        crate::refusal::database_code(self).1
    }
    fn status(&self) -> u16 {
        crate::refusal::database_code(self).0
    }
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
    fn database(&self) -> Option<&crate::db::DbError> {
        Some(self)
    }
}
