//! Renders a template over and over with minijinja, as render_bench.c does with weir's engine.
//!
//!     render-minijinja TEMPLATE CONTEXT.json MILLISECONDS [OUTPUT]
//!
//! Prints a JSON line: the median CPU microseconds of one compile + render.
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{context, Environment};
use std::time::{Duration, Instant};

/// CPU time of this thread.
fn cpu_us() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

fn environment(known: serde_json::Value, is_incremental: bool) -> Environment<'static> {
    let mut made = Environment::new();
    made.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    made.add_function("config", |settings: Kwargs| {
        settings.args().for_each(|name| drop(settings.get::<Value>(name)));
        ""
    });
    made.add_function("ref", |name: &str| format!("\"shop\".\"main\".\"{name}\""));
    made.add_function("source", |source: &str, name: &str| format!("\"shop\".\"{source}\".\"{name}\""));
    made.add_function("var", move |name: &str, default: Option<Value>| match known.get(name) {
        Some(value) => Value::from(Serde(value)),
        None => default.unwrap_or_default(),
    });
    made.add_function("is_incremental", move || is_incremental);
    made
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    if words.len() < 4 {
        return Err("usage: render-minijinja TEMPLATE CONTEXT.json MILLISECONDS [OUTPUT]".into());
    }
    let source = std::fs::read_to_string(&words[1])?;
    let given: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&words[2])?)?;
    let budget = Duration::from_millis(words[3].parse()?);
    let made = environment(given["vars"].clone(), given["is_incremental"] == true);
    let names = context! {
        this => given["this"].as_str(),
        target => Value::from(Serde(&given["target"])),
    };
    let once = || made.template_from_str(&source).and_then(|template| template.render(&names));
    let output = once()?;
    if let Some(path) = words.get(4) {
        std::fs::write(path, output)?;
    }

    let mut rounds = 1;
    let mut samples: Vec<f64> = Vec::new();
    let end = Instant::now() + budget;
    while Instant::now() < end || samples.len() < 5 {
        let began = cpu_us();
        for _ in 0..rounds {
            std::hint::black_box(once()?);
        }
        let took = cpu_us() - began;
        samples.push(took / rounds as f64);
        if took < 500.0 {
            rounds *= 2;
            samples.clear();
        }
    }
    samples.sort_by(f64::total_cmp);
    println!("{{\"us\": {:.3}, \"rounds\": {}}}", samples[samples.len() / 2], samples.len() * rounds);
    Ok(())
}
