//! The table, and the same as JSON.

use serde_json::{Value, json};

/// Collects figures and prints them as they come.
pub struct Report {
    json: bool,
    rows: Vec<Value>,
    headed: bool,
}

/// One figure beside its floor.
pub struct Figure<'a> {
    /// `sqlite` or `postgres`.
    pub database: &'a str,
    /// What was done.
    pub work: String,
    /// The unit of the two figures, for example `ms` or `1/s`.
    pub unit: &'a str,
    /// Through the service.
    pub service: f64,
    /// By the bare database.
    pub floor: f64,
    /// Whether more is better.
    pub more_is_better: bool,
    /// Anything else worth knowing.
    pub note: String,
    /// The same for programs.
    pub more: Value,
}

impl Report {
    pub fn new(json: bool) -> Self {
        Self { json, rows: Vec::new(), headed: false }
    }

    /// Adds a figure. The ratio is the service's share of the floor's speed: 1 is as fast as the bare database.
    pub fn add(&mut self, figure: &Figure<'_>) {
        let ratio = if figure.more_is_better { figure.service / figure.floor } else { figure.floor / figure.service };
        if !self.json {
            if !self.headed {
                println!("{:<9} {:<44} {:>12} {:>12} {:>6}  notes", "database", "work", "service", "floor", "ratio");
                self.headed = true;
            }
            let shown = |value: f64| format!("{value:.1} {}", figure.unit);
            println!(
                "{:<9} {:<44} {:>12} {:>12} {ratio:>6.2}  {}",
                figure.database,
                figure.work,
                shown(figure.service),
                shown(figure.floor),
                figure.note
            );
        }
        self.rows.push(json!({
            "database": figure.database, "work": figure.work, "unit": figure.unit, "service": figure.service,
            "floor": figure.floor, "ratio": ratio, "note": figure.note, "more": figure.more,
        }));
    }

    pub fn end(&self) {
        if self.json {
            println!("{}", json!({ "figures": self.rows }));
        }
    }
}

/// Resident memory now and at its peak since [`forget_peak`], in megabytes.
pub fn memory_mb() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// Starts the peak anew.
pub fn forget_peak() {
    // Not everywhere allowed; then the peak is the whole process's.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}
