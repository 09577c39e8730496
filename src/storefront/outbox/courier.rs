//! Carries one message to its endpoint and says how that ended. Bounded in time and memory, follows no redirects, and
//! connects to nothing that [`super::address`] doesn't allow: names are checked after they were resolved, in the
//! connector itself, so that nothing can change in between.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, redirect};

use super::address::{self, Allowed};
use crate::kernel::Timestamp;
use crate::storefront::model::Outcome;

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(3);
/// Longest time for the whole attempt.
const WHOLE: Duration = Duration::from_secs(15);
/// How much of an answer is read.
const READ_BYTES: usize = 64 * 1024;
/// How much of an answer is kept.
const KEPT_BYTES: usize = 2 * 1024;

/// What a program that tells shops is set up with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Host names, addresses and networks that may be reached although they are private, and without HTTPS.
    pub allow_private_hosts: Vec<String>,
}

/// Why there can be no courier.
#[derive(Debug, thiserror::Error)]
pub enum CourierError {
    /// An entry of the list of allowed hosts is none.
    #[error("`{0}` is no host name, address or network")]
    BadEntry(String),
    /// The HTTP client can't be made, for example because no certificate authorities are installed.
    #[error("the HTTP client can't be made: {0}")]
    Client(#[source] reqwest::Error),
}

/// Carries messages. Cheap to share behind an `Arc`.
#[derive(Debug)]
pub struct Courier {
    client: Client,
    allowed: Arc<Allowed>,
}

/// A message, signed for this attempt.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// Where to.
    pub url: &'a str,
    /// Its id.
    pub id: &'a str,
    /// The moment of this attempt.
    pub at: Timestamp,
    /// The signatures.
    pub signature: &'a str,
    /// What it says.
    pub body: &'a str,
}

struct Guard(Arc<Allowed>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<IpAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.map(|address| address.ip()).collect();
            let reachable = address::reachable(&host, found.into_iter(), &allowed);
            if reachable.is_empty() {
                return Err(Box::<dyn std::error::Error + Send + Sync>::from(PRIVATE));
            }
            Ok(Box::new(reachable.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// What a name says that leads into a private network.
const PRIVATE: &str = "the name leads to a private address; an administrator can allow it";

impl Courier {
    /// Makes a courier.
    ///
    /// # Errors
    /// Where the list of allowed hosts is wrong, or there are no certificate authorities.
    pub fn new(settings: &Settings) -> Result<Self, CourierError> {
        // Fails where a provider is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let allowed = Arc::new(Allowed::parse(&settings.allow_private_hosts).map_err(CourierError::BadEntry)?);
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(32)
            .user_agent(concat!("Tallyman/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Guard(Arc::clone(&allowed)))
            .build()
            .map_err(CourierError::Client)?;
        Ok(Self { client, allowed })
    }

    /// Carries a message, once.
    pub async fn carry(&self, letter: Letter<'_>) -> Outcome {
        let url = match address::checked(letter.url, &self.allowed) {
            Ok(url) => url,
            Err(error) => return Outcome::Refused { error },
        };
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", letter.id)
            .header("webhook-timestamp", letter.at.unix_seconds())
            .header("webhook-signature", letter.signature)
            .body(letter.body.to_owned());
        match request.send().await {
            Ok(response) => answered(response, letter.at).await,
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &reqwest::Error) -> Outcome {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if cause_text == PRIVATE {
            return Outcome::Refused { error: PRIVATE.to_owned() };
        }
        text.push_str(": ");
        text.push_str(&cause_text);
        source = cause.source();
    }
    Outcome::Failed { error: kept(text.as_bytes()) }
}

async fn answered(mut response: Response, now: Timestamp) -> Outcome {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_ms = retry_after.and_then(|value| wait_ms(value, now));
    let (mut head, mut read) = (Vec::new(), 0);
    // The status is what counts; an answer that breaks off after it is still that answer.
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        let room = KEPT_BYTES.saturating_sub(head.len());
        head.extend(chunk.iter().take(room));
        if read >= READ_BYTES {
            break;
        }
    }
    Outcome::Answered { status, head: kept(&head), retry_after_ms }
}

/// What is kept of what others say: readable, bounded, without zero characters, which a database can't hold.
fn kept(bytes: &[u8]) -> String {
    let cut = bytes.get(..KEPT_BYTES).unwrap_or(bytes);
    String::from_utf8_lossy(cut).chars().filter(|character| *character != '\0').collect()
}

/// `Retry-After`: seconds, or a date.
fn wait_ms(value: &str, now: Timestamp) -> Option<i64> {
    if let Ok(seconds) = value.trim().parse::<i64>() {
        return Some(seconds.saturating_mul(1000).max(0));
    }
    // HTTP dates say GMT where RFC 2822 has an offset.
    let date = jiff::fmt::rfc2822::parse(&value.trim().replace("GMT", "+0000")).ok()?;
    Some(Timestamp(date.timestamp().as_millisecond()).ms_since(now).max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_wait_is_seconds_or_a_date() {
        let now = Timestamp::parse_rfc3339("2015-10-21T07:27:00Z").unwrap();
        assert_eq!(wait_ms("120", now), Some(120_000));
        assert_eq!(wait_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(60_000));
        assert_eq!(wait_ms("Wed, 21 Oct 2015 07:20:00 GMT", now), Some(0));
        assert_eq!(wait_ms("soon", now), None);
        assert_eq!(wait_ms("-5", now), Some(0));
    }

    #[test]
    fn what_is_kept_of_an_answer_is_bounded() {
        assert_eq!(kept(b"a\0b\xff"), "ab\u{fffd}");
        assert_eq!(kept(&[b'x'; 5_000]).len(), KEPT_BYTES);
    }
}
