//! Why an operation on channels, endpoints, inbox and outbox may refuse.

crate::refusals! {
    /// Why an operation on channels, endpoints, inbox and outbox may refuse.
    pub enum StorefrontError {
        /// A thing that was named isn't there.
        NotFound { what: &'static str, code: String } = 404 "not_found",
        /// The person lacks the right.
        Forbidden { right: &'static str } = 403 "forbidden",
        /// The code is empty, too long, or has other characters than letters, digits and dashes.
        BadCode { code: String } = 422 "storefront.bad_code",
        /// A name is empty or too long.
        BadName { field: &'static str } = 422 "storefront.bad_name",
        /// A number is out of range.
        BadNumber { field: &'static str } = 422 "storefront.bad_number",
        /// The secret can't be used by this adapter.
        BadSecret { adapter: String } = 422 "storefront.bad_secret",
        /// This adapter needs a secret that the storefront has made.
        SecretMissing { adapter: String } = 422 "storefront.secret_missing",
        /// A channel for the API takes no deliveries, so it has no secret.
        NoSecret { channel: String } = 422 "storefront.no_secret",
        /// The channel has orders, so its adapter stays what it is.
        AdapterFixed { channel: String } = 409 "storefront.adapter_fixed",
        /// The address of an endpoint can't be used.
        BadUrl { url: String } = 422 "storefront.bad_url",
        /// A delivery that is not dead can't be replayed.
        NotDead { delivery: String, state: String } = 409 "storefront.not_dead",
        /// What was delivered has been removed after its term.
        BodyRemoved { delivery: String } = 409 "storefront.body_removed",
        /// A message waits already, so it needs no replay.
        StillPending { message: String } = 409 "storefront.still_pending",
        /// Only a message that waits or is dead can be left out.
        NotOpen { message: String, state: String } = 409 "storefront.not_open",
        /// Sealed data can't be opened with this key file.
        Sealed {} = 500 "storefront.sealed",
    }
}

impl From<crate::kernel::vault::VaultError> for StorefrontError {
    fn from(error: crate::kernel::vault::VaultError) -> Self {
        tracing::error!(%error, "sealed data of a storefront");
        Self::Sealed {}
    }
}
