//! The key file: 32 bytes that nobody but the service may read. Made once, whole or not at all, never overwritten.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use super::StartError;
use crate::kernel::random::Random;

/// What the fingerprint is taken of, to know a key again.
pub(super) const CHECKED: &str = "tallyman key check v1";

/// Reads a key; `None` where there is no file.
///
/// # Errors
/// Where it can't be read, or doesn't hold 32 bytes.
pub fn read(path: &Path) -> Result<Option<[u8; 32]>, StartError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(path, &error)),
    };
    warn_of_readers(path);
    let key = <[u8; 32]>::try_from(bytes).map_err(|_| StartError::KeyForm { key_file: path.display().to_string() })?;
    Ok(Some(key))
}

/// Makes a key. Where somebody else made one in the meantime, theirs is taken.
///
/// # Errors
/// Where it can't be written, or there is no randomness.
pub fn make(path: &Path, random: &dyn Random) -> Result<[u8; 32], StartError> {
    let mut key = [0_u8; 32];
    let mut mark = [0_u8; 8];
    let no_random = |error: crate::kernel::random::RandomError| StartError::Random { why: error.to_string() };
    random.fill(&mut key).map_err(no_random)?;
    random.fill(&mut mark).map_err(no_random)?;
    let part = path.with_extension(format!("{}.part", crate::kernel::hex::encode(&mark)));
    let written = write_whole(&part, path, &key);
    // It is a second name of the key by now, or half of one.
    let removed = std::fs::remove_file(&part);
    match written {
        Ok(()) => {
            removed.map_err(|error| unusable(&part, &error))?;
            Ok(key)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => read(path)?.ok_or_else(|| unusable(path, &error)),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// A link fails where the name is taken, so a key is never overwritten, and never seen half written.
fn write_whole(part: &Path, path: &Path, key: &[u8]) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(part)?;
    file.write_all(key)?;
    file.sync_all()?;
    std::fs::hard_link(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Writes a file that its owner alone may read, whole or not at all. One that is there is never overwritten.
///
/// # Errors
/// Where it can't be written, or is there already.
pub fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let written = write_whole(&part, path, content);
    std::fs::remove_file(&part).or_else(|error| if written.is_ok() { Err(error) } else { Ok(()) })?;
    written
}

fn unusable(path: &Path, error: &std::io::Error) -> StartError {
    StartError::File { file: path.display().to_string(), why: error.to_string() }
}

#[cfg(unix)]
fn warn_of_readers(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let open = std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o077 != 0);
    if open {
        tracing::warn!(key_file = %path.display(), "others can read the key file; set its mode to 0600");
    }
}

#[cfg(not(unix))]
const fn warn_of_readers(_: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::SeededRandom;

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.key");
        assert_eq!(read(&path).unwrap(), None);
        let key = make(&path, &SeededRandom::new(1)).unwrap();
        assert_eq!(read(&path).unwrap(), Some(key));
        assert_eq!(make(&path, &SeededRandom::new(2)).unwrap(), key, "the first stays");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_of_another_size_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.key");
        std::fs::write(&path, [1; 31]).unwrap();
        assert!(matches!(read(&path), Err(StartError::KeyForm { .. })));
        assert!(matches!(read(folder.path()), Err(StartError::File { .. })));
        assert!(matches!(make(Path::new("/nowhere/t.key"), &SeededRandom::new(1)), Err(StartError::File { .. })));
    }
}
