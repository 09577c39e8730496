//! `tallyman config`.

use super::{Failure, complain, say};
use crate::config::Config;

pub(super) fn run(config: &Config) -> Result<(), Failure> {
    for name in &config.strange {
        complain(&format!("{name} looks like a setting, and there is none of that name"));
    }
    say(&config.to_toml());
    Ok(())
}
