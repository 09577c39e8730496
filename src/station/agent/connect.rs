//! The way of a packing PC to the service.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, http};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use super::run::{AgentError, Options};
use super::wire::{LARGEST_TO_STATION, PROGRAM, PROTOCOL};
use crate::messages;

/// How long connecting may take.
const LIMIT: Duration = Duration::from_secs(10);

/// An open way to the service.
pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why there is no way to the service.
pub(super) enum Failed {
    /// It can't be reached now.
    Away(String),
    /// It refuses now. Its own sentence.
    Refused(String),
    /// It refuses for good. Its own sentence.
    ForGood(String),
}

/// The way to the service.
pub(super) struct Way {
    options: Options,
    server: reqwest::Url,
    http: reqwest::Client,
    tls: Arc<rustls::ClientConfig>,
    /// Which station this is, once it is known.
    station: OnceLock<String>,
}

/// As much of a station as is needed here.
#[derive(Deserialize)]
struct Station {
    code: String,
    agent: bool,
}

/// As much of a refusal as is needed here.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Way {
    pub(super) fn to(options: &Options) -> Result<Self, AgentError> {
        use rustls_platform_verifier::ConfigVerifierExt as _;
        let bad = || AgentError::Server(options.server.clone());
        let server: reqwest::Url = options.server.trim_end_matches('/').parse().map_err(|_| bad())?;
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(bad());
        }
        // Fails where one was chosen before, which is the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let trust = |error: &dyn std::fmt::Display| AgentError::Trust(error.to_string());
        let tls = rustls::ClientConfig::with_platform_verifier().map_err(|error| trust(&error))?;
        let http = reqwest::Client::builder().timeout(LIMIT).build().map_err(|error| trust(&error))?;
        Ok(Self { options: options.clone(), server, http, tls: Arc::new(tls), station: OnceLock::new() })
    }

    pub(super) async fn connect(&self, spool: Uuid) -> Result<Socket, Failed> {
        let station = self.station().await?;
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| Failed::ForGood(self.options.server.clone()))?
            .pop_if_empty()
            .extend(["api", "v1", "stations", &station, "agent"]);
        url.query_pairs_mut()
            .append_pair("protocol", &PROTOCOL.to_string())
            .append_pair("version", PROGRAM)
            .append_pair("spool", &spool.to_string());
        let mut socket_url = url.clone();
        let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
        socket_url.set_scheme(scheme).map_err(|()| Failed::ForGood(self.options.server.clone()))?;

        let away = |error: &dyn std::error::Error| Failed::Away(chain(error));
        let mut request = socket_url.as_str().into_client_request().map_err(|error| away(&error))?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.options.token));
        let bearer = bearer.map_err(|error| Failed::ForGood(error.to_string()))?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_TO_STATION))
            .max_frame_size(Some(LARGEST_TO_STATION));
        let connector = Connector::Rustls(Arc::clone(&self.tls));
        let connecting = tokio_tungstenite::connect_async_tls_with_config(request, Some(config), true, Some(connector));
        match timeout(LIMIT, connecting).await {
            Err(_) => Err(Failed::Away("the service does not answer in time".to_owned())),
            Ok(Ok((socket, _))) => Ok(socket),
            // The refusal's sentence is not read together with its status: it is asked for.
            Ok(Err(tungstenite::Error::Http(response))) => Err(self.refused(response.status(), url).await),
            Ok(Err(error)) => Err(away(&error)),
        }
    }

    fn ask(&self, url: reqwest::Url) -> reqwest::RequestBuilder {
        let language = self.options.language.code();
        self.http.get(url).bearer_auth(&self.options.token).header(header::ACCEPT_LANGUAGE, language)
    }

    async fn refused(&self, status: http::StatusCode, url: reqwest::Url) -> Failed {
        let answer = match self.ask(url).send().await {
            Ok(answer) => answer,
            Err(error) => return Failed::Away(chain(&error.without_url())),
        };
        sentence(status, answer).await
    }

    /// Which station this is.
    async fn station(&self) -> Result<String, Failed> {
        if let Some(station) = self.options.station.as_ref().or_else(|| self.station.get()) {
            return Ok(station.clone());
        }
        let away = |error: reqwest::Error| Failed::Away(chain(&error.without_url()));
        let mut url = self.server.clone();
        url.path_segments_mut()
            .map_err(|()| Failed::ForGood(self.options.server.clone()))?
            .pop_if_empty()
            .extend(["api", "v1", "stations"]);
        let answer = self.ask(url).send().await.map_err(away)?;
        if !answer.status().is_success() {
            return Err(sentence(answer.status(), answer).await);
        }
        let stations: Vec<Station> = answer.json().await.map_err(away)?;
        let mut with_agent = stations.into_iter().filter(|station| station.agent);
        match (with_agent.next(), with_agent.next()) {
            (Some(only), None) => Ok(self.station.get_or_init(|| only.code).clone()),
            (first, _) => {
                let code = if first.is_some() { "cli.which_station" } else { "cli.no_station" };
                Err(Failed::ForGood(messages::say(self.options.language, code, &[])))
            }
        }
    }
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        next = error.source();
    }
    said
}

/// What a refusal says. Somebody has to change the token or the name of the station where those are refused; all else may
/// be put right on the other side.
async fn sentence(status: http::StatusCode, answer: reqwest::Response) -> Failed {
    let said = answer.json().await.map_or_else(|_| status.to_string(), |problem: Problem| problem.detail);
    match status.as_u16() {
        401 | 403 | 404 => Failed::ForGood(said),
        409 | 426 => Failed::Refused(said),
        _ => Failed::Away(said),
    }
}
