"""What schemathesis is told beside its configuration."""

import schemathesis

# Parts of a resumable upload are bytes under a type of their own.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
