// Package buckets links the drivers of buckets that a content store may be in: s3://, gs:// and mem://. Import it for
// its effect. Credentials come from where each provider's tools look for them.
package buckets

import (
	_ "gocloud.dev/blob/gcsblob" // gs://BUCKET
	_ "gocloud.dev/blob/memblob" // mem://, for tests
	_ "gocloud.dev/blob/s3blob"  // s3://BUCKET?region=REGION, and anything that speaks S3
)
