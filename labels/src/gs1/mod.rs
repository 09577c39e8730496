//! Stub.
pub(crate) fn isbn10_to_13(_: &str) -> Option<String> {
    None
}
pub(crate) fn isbn_hyphenated(isbn: &str) -> String {
    isbn.to_owned()
}
