// Command types prints, for every struct of the API server's own kinds, which fields its JSON leaves out when they hold nothing:
// {"io.k8s.api.core.v1.PodSpec": ["hostNetwork", …], …}, names as in the server's OpenAPI document. Only Go's types tell a
// pointer, whose zero is kept, from a value.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"

	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	registration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

func main() {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, extensions.AddToScheme, registration.AddToScheme} {
		if err := add(known); err != nil {
			panic(err)
		}
	}
	omitted := map[string][]string{}
	for _, kind := range known.AllKnownTypes() {
		collect(kind, omitted)
	}
	if err := json.NewEncoder(os.Stdout).Encode(omitted); err != nil {
		panic(err)
	}
}

func collect(found reflect.Type, omitted map[string][]string) {
	for found.Kind() == reflect.Pointer || found.Kind() == reflect.Slice || found.Kind() == reflect.Map {
		found = found.Elem()
	}
	name := nameOf(found)
	if _, seen := omitted[name]; seen || found.Kind() != reflect.Struct || !strings.HasPrefix(name, "io.k8s.") {
		return
	}
	omitted[name] = []string{}
	for _, field := range fieldsOf(found) {
		parts := strings.Split(field.Tag.Get("json"), ",")
		if parts[0] != "" && parts[0] != "-" && leftOut(field.Type, parts[1:]) {
			omitted[name] = append(omitted[name], parts[0])
		}
		collect(field.Type, omitted)
	}
	slices.Sort(omitted[name])
}

// fieldsOf gives the fields of structs that are embedded without a name as the struct's own, as JSON does.
func fieldsOf(found reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for at := range found.NumField() {
		field := found.Field(at)
		switch name, _, _ := strings.Cut(field.Tag.Get("json"), ","); {
		case !field.IsExported():
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			fields = append(fields, fieldsOf(field.Type)...)
		default:
			fields = append(fields, field)
		}
	}
	return fields
}

// leftOut: scalars, lists and maps with omitempty, and structs with omitzero.
func leftOut(found reflect.Type, options []string) bool {
	switch found.Kind() {
	case reflect.Pointer, reflect.Interface:
		return false
	case reflect.Struct:
		return slices.Contains(options, "omitzero")
	default:
		return slices.Contains(options, "omitempty") || slices.Contains(options, "omitzero")
	}
}

// nameOf is a type's name in OpenAPI: k8s.io/api/core/v1.PodSpec is io.k8s.api.core.v1.PodSpec.
func nameOf(found reflect.Type) string {
	host, path, _ := strings.Cut(found.PkgPath(), "/")
	labels := strings.Split(host, ".")
	slices.Reverse(labels)
	return strings.Join(append(append(labels, strings.Split(path, "/")...), found.Name()), ".")
}
