//! The own authority: made once in the data folder, valid for ten years; its certificates for the service for a year.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use crate::kernel::Timestamp;
use crate::setup::StartError;
use crate::setup::key::write_private;

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// How long the authority is valid: ten years.
const AUTHORITY_DAYS: i64 = 3_650;
/// How long a certificate is valid: browsers take no longer ones than 397 days.
const DAYS: i64 = 390;
/// A device's clock may be behind.
const BEFORE_DAYS: i64 = 2;

/// The authority: its certificate as PEM, and what signs.
pub(super) struct Authority {
    /// Its certificate.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn unusable(file: &Path, why: impl std::fmt::Display) -> StartError {
    StartError::Certificate { file: file.display().to_string(), why: why.to_string() }
}

fn moment(at: Timestamp, days: i64) -> time::OffsetDateTime {
    let seconds = at.0.div_euclid(1000).saturating_add(days * DAY_SECONDS);
    time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

impl Authority {
    /// Reads the authority of a data folder; makes it where there is none. Its key is its owner's only.
    ///
    /// # Errors
    /// [`StartError::Certificate`].
    pub fn open(folder: &Path, now: Timestamp) -> Result<Self, StartError> {
        let (key_file, file) = (folder.join("tallyman-ca.key"), folder.join("tallyman-ca.crt"));
        if key_file.exists() && file.exists() {
            let key = std::fs::read_to_string(&key_file).map_err(|error| unusable(&key_file, error))?;
            let pem = std::fs::read_to_string(&file).map_err(|error| unusable(&file, error))?;
            let key = KeyPair::from_pem(&key).map_err(|error| unusable(&key_file, error))?;
            return Self::of(pem, key, now).map_err(|error| unusable(&file, error));
        }
        let key = KeyPair::generate().map_err(|error| unusable(&key_file, error))?;
        let certificate = params(now).self_signed(&key).map_err(|error| unusable(&file, error))?;
        write_private(&key_file, key.serialize_pem().as_bytes()).map_err(|error| unusable(&key_file, error))?;
        std::fs::write(&file, certificate.pem()).map_err(|error| unusable(&file, error))?;
        Self::of(certificate.pem(), key, now).map_err(|error| unusable(&file, error))
    }

    fn of(pem: String, key: KeyPair, now: Timestamp) -> Result<Self, rcgen::Error> {
        // The name and key are all that a signature takes of it.
        Ok(Self { pem, issuer: Issuer::new(params(now), key) })
    }

    /// A certificate for the service, with a key of its own that is kept in memory only.
    ///
    /// # Errors
    /// [`StartError::Certificate`].
    pub fn issue(&self, names: &[String], now: Timestamp) -> Result<Arc<CertifiedKey>, StartError> {
        let wrong = |error: &dyn std::fmt::Display| unusable(Path::new("tls_names"), error);
        let key = KeyPair::generate().map_err(|error| wrong(&error))?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
        params.subject_alt_names = names.iter().filter_map(|name| alternative(name)).collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = moment(now, -BEFORE_DAYS);
        params.not_after = moment(now, DAYS);
        let signed = params.signed_by(&key, &self.issuer).map_err(|error| wrong(&error))?;
        let chain = vec![CertificateDer::from(signed.der().to_vec())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let certified = CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| wrong(&error))?;
        Ok(Arc::new(certified))
    }
}

fn params(now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Tallyman");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = moment(now, -BEFORE_DAYS);
    params.not_after = moment(now, AUTHORITY_DAYS);
    params
}

fn alternative(name: &str) -> Option<SanType> {
    match name.parse::<IpAddr>() {
        Ok(address) => Some(SanType::IpAddress(address)),
        Err(_) => name.try_into().ok().map(SanType::DnsName),
    }
}
