"""The commands of `parley`, one module each; `app.cli` lists them."""
