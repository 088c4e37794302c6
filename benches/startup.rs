//! How long `sesame --version` takes from spawn to exit, beside a program that does nothing:
//! this very binary, which ends at once when it is told to. The difference is what sesame's
//! start costs. `cargo bench --bench startup`.

#![allow(missing_docs, clippy::expect_used)]

use std::process::{Command, Stdio};

use criterion::Criterion;

const NOTHING: &str = "SESAME_BENCH_DO_NOTHING";

fn run(command: &mut Command) {
    let status = command
        .stdout(Stdio::null())
        .status()
        .expect("a program that starts");
    assert!(status.success());
}

fn main() {
    if std::env::var_os(NOTHING).is_some() {
        return;
    }
    let itself = std::env::current_exe().expect("a path");
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("start");
    group.bench_function("nothing", |bencher| {
        bencher.iter(|| run(Command::new(&itself).env(NOTHING, "1")));
    });
    group.bench_function("sesame --version", |bencher| {
        bencher.iter(|| run(Command::new(env!("CARGO_BIN_EXE_sesame")).arg("--version")));
    });
    group.finish();
    criterion.final_summary();
}
