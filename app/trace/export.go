package trace

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/backstory-go/backstory/engine"
)

// Export is where spans go.
type Export struct{ provider *sdk.TracerProvider }

// FromEnvironment exports as the OTEL_* variables say. Without an endpoint
// (OTEL_EXPORTER_OTLP_ENDPOINT or …_TRACES_ENDPOINT), with OTEL_SDK_DISABLED=true
// or OTEL_TRACES_EXPORTER=none it is nil, which costs nothing.
func FromEnvironment(ctx context.Context) (*Export, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" ||
		strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, nil //nolint:nilnil // nothing to export is no error
	}
	exporter, err := otlptracehttp.New(ctx) // reads the rest of the variables
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	sampler, err := samplerOf(os.Getenv("OTEL_TRACES_SAMPLER"), os.Getenv("OTEL_TRACES_SAMPLER_ARG"))
	if err != nil {
		return nil, errors.Join(err, exporter.Shutdown(ctx))
	}
	own, err := resource.Merge(resource.NewSchemaless(attribute.String("service.name", "backstory")), resource.Environment())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err), exporter.Shutdown(ctx))
	}
	return newExport(sdk.WithBatcher(exporter), sdk.WithSampler(sampler), sdk.WithResource(own)), nil
}

func newExport(options ...sdk.TracerProviderOption) *Export {
	return &Export{sdk.NewTracerProvider(append(options, sdk.WithIDGenerator(generator{}))...)}
}

// samplerOf decides by the trace alone: all steps of a conversation are exported
// or none, whichever process they were made by.
func samplerOf(name, argument string) (sdk.Sampler, error) {
	switch strings.TrimPrefix(name, "parentbased_") {
	case "", "always_on":
		return sdk.AlwaysSample(), nil
	case "always_off":
		return sdk.NeverSample(), nil
	case "traceidratio":
		ratio, err := strconv.ParseFloat(argument, 64)
		if err != nil || math.IsNaN(ratio) || ratio < 0 || ratio > 1 {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG %q: want a number from 0 to 1", argument)
		}
		return sdk.TraceIDRatioBased(ratio), nil
	}
	return nil, fmt.Errorf("OTEL_TRACES_SAMPLER %q: want always_on, always_off or traceidratio", name)
}

// Tracer is what steps are told to; nil when nothing is exported.
func (e *Export) Tracer() engine.Tracer {
	if e == nil {
		return nil
	}
	return Tracer{e.provider.Tracer("github.com/backstory-go/backstory")}
}

// Inbound reads a caller's trace context (W3C traceparent) from requests: their
// steps link to it.
func (e *Export) Inbound(next http.Handler) http.Handler {
	if e == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Close sends what is left.
func (e *Export) Close(ctx context.Context) error {
	if e == nil {
		return nil
	}
	return e.provider.Shutdown(ctx)
}
