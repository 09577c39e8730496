//! API tokens: a secret is shown once, and ended at once.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::TokenId;
use crate::people::tokens::{self, EndToken, MakeToken, TokenEnded, TokenRow};
use crate::web::{Caller, Json, Path, Problem, Viewer, WebError};

/// The routes of tokens.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_tokens, make)).routes(routes!(revoke))
}

/// Every token, without its secret.
#[utoipa::path(get, path = "/tokens", tag = "tokens",
    responses((status = 200, body = Vec<TokenRow>), (status = 403, body = Problem)))]
async fn list_tokens(State(app): State<App>, viewer: Viewer) -> Result<Json<Vec<TokenRow>>, WebError> {
    viewer.require(Right::PeopleManage)?;
    let warehouse = viewer.warehouse;
    Ok(Json(app.db.read(|tx| Box::pin(tokens::list(tx, warehouse))).await?))
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Number of the person that it speaks for.
    pub person: String,
    /// What it is for.
    pub name: String,
    /// Until when it works; until it is revoked, where not given.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// Its id.
    pub token_id: TokenId,
    /// Its secret, to be sent as `Authorization: Bearer`. Shown in the first answer only: where a request is repeated
    /// with its key, nobody knows it any more. Revoke the token then, and make another.
    pub secret: Option<String>,
}

/// Make a token for a person.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken,
    params(("Idempotency-Key" = String, Header)),
    responses((status = 200, body = MadeToken), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
async fn make(
    State(app): State<App>,
    caller: Caller,
    Json(NewToken { person, name, expires_at }): Json<NewToken>,
) -> Result<Json<MadeToken>, WebError> {
    let secret = tokens::new_secret(app.services.random.as_ref()).map_err(WebError::internal)?;
    let hash = tokens::hash_of(&secret);
    let made = app.operate(caller.context, MakeToken { person, name, expires_at, hash: hash.clone() }).await?;
    let secret = (made.hash == hash).then_some(secret);
    Ok(Json(MadeToken { token_id: made.token_id, secret }))
}

/// End a token at once.
#[utoipa::path(post, path = "/tokens/{token}/revoke", tag = "tokens",
    params(("token" = i64, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = TokenEnded), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(token): Path<TokenId>,
) -> Result<Json<TokenEnded>, WebError> {
    let ended = app.operate(caller.context, EndToken { token }).await?;
    app.tokens.forget();
    Ok(Json(ended))
}
