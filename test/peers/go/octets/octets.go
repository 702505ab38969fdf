// Package octets is a codec of gRPC whose messages are what they are: no protobuf.
package octets

// Codec passes `*[]byte`.
type Codec struct{}

func (Codec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (Codec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte{}, data...)
	return nil
}
func (Codec) Name() string { return "proto" }
