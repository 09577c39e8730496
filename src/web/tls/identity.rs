//! The certificate that the service shows, and how it is renewed while connections are open.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use super::own::Authority;
use crate::config::{Settings, Tls};
use crate::kernel::Timestamp;
use crate::kernel::clock::SharedClock;
use crate::setup::StartError;

/// An own certificate is made anew after so long; it would be valid for three months more.
const RENEW_MS: i64 = 300 * 24 * 60 * 60 * 1000;
/// How often age and files are looked at.
const LOOK: Duration = Duration::from_secs(60);

/// What the service shows to clients.
pub struct Identity {
    current: Arc<Shown>,
    source: Source,
    /// The own authority's certificate, as PEM.
    pub authority: Option<String>,
}

enum Source {
    Own { authority: Box<Authority>, names: Vec<String> },
    Files { certificate: PathBuf, key: PathBuf },
}

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Opens what the settings ask for; `None` where the service speaks no HTTPS.
///
/// # Errors
/// [`StartError::Certificate`].
pub fn open(settings: &Settings, now: Timestamp) -> Result<Option<Identity>, StartError> {
    let source = match settings.tls {
        Tls::Off => return Ok(None),
        Tls::Own => {
            Source::Own { authority: Box::new(Authority::open(&settings.data_folder, now)?), names: names(settings) }
        }
        Tls::Files => {
            let given = |file: &Option<PathBuf>, setting: &str| {
                let missing = || StartError::Certificate { file: setting.to_owned(), why: "it isn't given".to_owned() };
                file.clone().ok_or_else(missing)
            };
            let certificate = given(&settings.tls_certificate, "tls_certificate")?;
            Source::Files { certificate, key: given(&settings.tls_key, "tls_key")? }
        }
    };
    let authority = match &source {
        Source::Own { authority, .. } => Some(authority.pem.clone()),
        Source::Files { .. } => None,
    };
    let current = Arc::new(Shown(RwLock::new(source.load(now)?)));
    Ok(Some(Identity { current, source, authority }))
}

/// The names of this machine, and those of the settings.
fn names(settings: &Settings) -> Vec<String> {
    let mut names = settings.tls_names.clone();
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let more = [host.trim(), "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let listens = settings.listen.ip();
    let listens = (!listens.is_unspecified()).then(|| listens.to_string());
    for name in more.into_iter().chain(listens) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

impl Source {
    fn load(&self, now: Timestamp) -> Result<Arc<CertifiedKey>, StartError> {
        match self {
            Self::Own { authority, names } => authority.issue(names, now),
            Self::Files { certificate, key } => read(certificate, key),
        }
    }

    /// When the files were changed last.
    fn changed(&self) -> Option<SystemTime> {
        let Self::Files { certificate, key } = self else { return None };
        let modified = |file: &Path| std::fs::metadata(file).and_then(|data| data.modified()).ok();
        modified(certificate).max(modified(key))
    }
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, StartError> {
    let wrong = |file: &Path, why: String| StartError::Certificate { file: file.display().to_string(), why };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "there is no certificate in it".to_owned()));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, secret, &default_provider());
    certified.map(Arc::new).map_err(|error| wrong(key, error.to_string()))
}

impl Identity {
    /// What a handshake needs: HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// Where the library refuses, which is a fault of the program.
    pub fn config(&self) -> Result<Arc<ServerConfig>, StartError> {
        let builder =
            ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let builder =
            builder.map_err(|error| StartError::Certificate { file: "TLS".to_owned(), why: error.to_string() })?;
        let current: Arc<dyn ResolvesServerCert> = Arc::clone(&self.current) as _;
        let mut config = builder.with_no_client_auth().with_cert_resolver(current);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Renews the certificate when it is old, or when its files have changed. A bad file leaves the one that works.
    pub async fn renew(self, clock: SharedClock, mut shutdown: watch::Receiver<bool>) {
        let (mut made, mut seen) = (clock.now(), self.source.changed());
        loop {
            tokio::select! {
                _ = shutdown.changed() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            let (now, changed) = (clock.now(), self.source.changed());
            let old = matches!(self.source, Source::Own { .. }) && now.ms_since(made) > RENEW_MS;
            if !old && changed == seen {
                continue;
            }
            match self.source.load(now) {
                Ok(certified) => {
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
                    tracing::info!("the certificate was renewed");
                    (made, seen) = (now, changed);
                }
                Err(error) => tracing::error!(%error, "the certificate can't be renewed; the old one stays"),
            }
        }
    }
}
