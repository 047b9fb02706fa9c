// Package check decodes the manifests strictly into the types of the Kubernetes API and looks at what these leave open. It is a
// module of its own, so that errata does not depend on Kubernetes:
//
//	go -C deploy/kubernetes/check test -count=1 ./...
package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// decoder refuses members that the API does not know, and values of another type.
func decoder(t *testing.T) runtime.Decoder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{appsv1.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
}

// objects decodes every document of the directory.
func objects(t *testing.T) []runtime.Object {
	t.Helper()
	files, err := filepath.Glob("../*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d manifests, %v", len(files), err)
	}
	decode := decoder(t)
	var all []runtime.Object
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(raw)))
		for {
			document, err := next(documents)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			object, _, err := decode.Decode(document, &schema.GroupVersionKind{}, nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			all = append(all, object)
		}
	}
	return all
}

// next reads one document, however long.
func next(r io.Reader) ([]byte, error) {
	var document []byte
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.Read(buffer)
		document = append(document, buffer[:n]...)
		if !errors.Is(err, io.ErrShortBuffer) {
			return document, err
		}
	}
}

// pods are the templates of everything that runs.
func pods(all []runtime.Object) map[string]corev1.PodTemplateSpec {
	found := map[string]corev1.PodTemplateSpec{}
	for _, object := range all {
		switch o := object.(type) {
		case *appsv1.Deployment:
			found[o.Name] = o.Spec.Template
		case *batchv1.Job:
			found[o.Name] = o.Spec.Template
		}
	}
	return found
}

func TestManifestsAreOfTheAPI(t *testing.T) {
	all := objects(t)
	for _, object := range all {
		meta, ok := object.(metav1.Object)
		if !ok || meta.GetName() == "" {
			t.Errorf("%T has no name", object)
		}
		if _, isNamespace := object.(*corev1.Namespace); !isNamespace && meta.GetNamespace() != "errata" {
			t.Errorf("%s lies in namespace %q", meta.GetName(), meta.GetNamespace())
		}
	}
	if len(pods(all)) != 3 {
		t.Errorf("%d workloads", len(pods(all)))
	}
}

// A selector that matches nothing is what the types cannot find.
func TestSelectorsFindTheirPods(t *testing.T) {
	all := objects(t)
	check := func(name string, s *metav1.LabelSelector) {
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(templates(all), func(p corev1.PodTemplateSpec) bool { return selector.Matches(labels.Set(p.Labels)) }) {
			t.Errorf("%s selects no pod", name)
		}
	}
	for _, object := range all {
		switch o := object.(type) {
		case *appsv1.Deployment:
			check(o.Name, o.Spec.Selector)
			for _, spread := range o.Spec.Template.Spec.TopologySpreadConstraints {
				check(o.Name+" spread", spread.LabelSelector)
			}
		case *policyv1.PodDisruptionBudget:
			check(o.Name+" budget", o.Spec.Selector)
		case *networkingv1.NetworkPolicy:
			check(o.Name+" policy", &o.Spec.PodSelector)
		}
	}
}

func templates(all []runtime.Object) (list []corev1.PodTemplateSpec) {
	for _, p := range pods(all) {
		list = append(list, p)
	}
	return list
}

// What is named within a pod is there: volumes, ConfigMaps, keys of the Secret, ports of probes.
func TestPodsAreWhole(t *testing.T) {
	all := objects(t)
	configs, keys := map[string]bool{}, map[string]bool{}
	for _, object := range all {
		switch o := object.(type) {
		case *corev1.ConfigMap:
			configs[o.Name] = true
		case *corev1.Secret:
			for key := range o.StringData {
				keys[o.Name+"/"+key] = true
			}
		}
	}
	for name, pod := range pods(all) {
		volumes := map[string]bool{}
		for _, v := range pod.Spec.Volumes {
			volumes[v.Name] = true
			if v.ConfigMap != nil && !configs[v.ConfigMap.Name] {
				t.Errorf("%s: no ConfigMap %s", name, v.ConfigMap.Name)
			}
			if v.Secret != nil {
				for _, item := range v.Secret.Items {
					if !keys[v.Secret.SecretName+"/"+item.Key] {
						t.Errorf("%s: no key %s in Secret %s", name, item.Key, v.Secret.SecretName)
					}
				}
			}
		}
		for _, c := range pod.Spec.Containers {
			for _, fault := range containerFaults(c, volumes) {
				t.Errorf("%s: %s", name, fault)
			}
		}
		if s := pod.Spec.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil {
			t.Errorf("%s: not restricted", name)
		}
	}
}

func containerFaults(c corev1.Container, volumes map[string]bool) (faults []string) {
	ports := map[string]bool{}
	for _, p := range c.Ports {
		ports[p.Name] = true
	}
	for _, probe := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if probe != nil && !ports[probe.HTTPGet.Port.String()] {
			faults = append(faults, "a probe asks port "+probe.HTTPGet.Port.String())
		}
	}
	for _, m := range c.VolumeMounts {
		if !volumes[m.Name] {
			faults = append(faults, "no volume "+m.Name)
		}
	}
	if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
		faults = append(faults, "not restricted")
	}
	if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() {
		faults = append(faults, fmt.Sprintf("memory is not bounded: %v", c.Resources))
	}
	return faults
}

// --memory is 256 MB in settings.yaml; docs/operations.md asks for one and a half times of it.
func TestIngestersHaveTheirMemory(t *testing.T) {
	pod := pods(objects(t))["errata-ingest"]
	if limit := pod.Spec.Containers[0].Resources.Limits.Memory().Value(); limit < 256_000_000*3/2 {
		t.Errorf("the limit is %d bytes", limit)
	}
	if grace := *pod.Spec.TerminationGracePeriodSeconds; grace <= 30 {
		t.Errorf("it is killed after %d s and needs up to 30", grace)
	}
}
