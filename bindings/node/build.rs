//! What a linker must be told of a module whose symbols Node brings; on Linux nothing.

fn main() {
    napi_build::setup();
}
