"""Hashed static files, the imports inside ES modules included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedModuleStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites ``import … from "./x.js";`` too; needs the semicolon at the end."""

    support_js_module_import_aggregation = True
    # A file that is not there is a fault of ours, found by a test, not by a visitor.
    manifest_strict = True
