/**
 * The fields of Kubernetes' own kinds (k8s.io/api v0.35), a line a message: number, JSON name and type of each field.
 * Read to decode protobuf bodies and to find fields that do not exist. `*x` a list, `%x` a map, `^` a message whose fields
 * are its parent's in JSON, `!` a field that is told from an absent one when it is empty. What the server alone writes
 * (`status`, `managedFields`) is left out.
 */
export interface Field {
  number: number
  /** Undefined: the fields of its type belong to the parent. */
  name: string | undefined
  /** A message of this table, or `string`, `int`, `bool`, `bytes`, `time`, `quantity`, `intOrString`, `list`. */
  type: string
  shape: 'one' | 'list' | 'map'
  keepsEmpty: boolean
}

const TABLE = `
AWSElasticBlockStoreVolumeSource 1volumeID:string! 2fsType:string 3partition:int 4readOnly:bool
Affinity 1nodeAffinity:NodeAffinity! 2podAffinity:PodAffinity! 3podAntiAffinity:PodAntiAffinity!
AggregationRule 1clusterRoleSelectors:*LabelSelector
AppArmorProfile 1type:string! 2localhostProfile:string!
AzureDiskVolumeSource 1diskName:string! 2diskURI:string! 3cachingMode:string! 4fsType:string! 5readOnly:bool! 6kind:string!
AzureFileVolumeSource 1secretName:string! 2shareName:string! 3readOnly:bool
BoundObjectReference 1kind:string 2apiVersion:string 3name:string 4uid:string
CSIVolumeSource 1driver:string! 2readOnly:bool! 3fsType:string! 4volumeAttributes:%string 5nodePublishSecretRef:LocalObjectReference!
Capabilities 1add:*string 2drop:*string
CephFSVolumeSource 1monitors:*string 2path:string 3user:string 4secretFile:string 5secretRef:LocalObjectReference! 6readOnly:bool
CinderVolumeSource 1volumeID:string! 2fsType:string 3readOnly:bool 4secretRef:LocalObjectReference!
ClientIPConfig 1timeoutSeconds:int!
ClusterRole 1metadata:ObjectMeta 2rules:*PolicyRule 3aggregationRule:AggregationRule!
ClusterRoleBinding 1metadata:ObjectMeta 2subjects:*Subject 3roleRef:RoleRef
ClusterTrustBundleProjection 1name:string! 2signerName:string! 3labelSelector:LabelSelector! 5optional:bool! 4path:string!
ConfigMap 1metadata:ObjectMeta 4immutable:bool! 2data:%string 3binaryData:%bytes
ConfigMapEnvSource 1^:LocalObjectReference 2optional:bool!
ConfigMapKeySelector 1^:LocalObjectReference 2key:string! 3optional:bool!
ConfigMapProjection 1^:LocalObjectReference 2items:*KeyToPath 4optional:bool!
ConfigMapVolumeSource 1^:LocalObjectReference 2items:*KeyToPath 3defaultMode:int! 4optional:bool!
Container 1name:string! 2image:string 3command:*string 4args:*string 5workingDir:string 6ports:*ContainerPort 19envFrom:*EnvFromSource 7env:*EnvVar 8resources:ResourceRequirements 23resizePolicy:*ContainerResizePolicy 24restartPolicy:string! 25restartPolicyRules:*ContainerRestartRule 9volumeMounts:*VolumeMount 21volumeDevices:*VolumeDevice 10livenessProbe:Probe! 11readinessProbe:Probe! 22startupProbe:Probe! 12lifecycle:Lifecycle! 13terminationMessagePath:string 20terminationMessagePolicy:string 14imagePullPolicy:string 15securityContext:SecurityContext! 16stdin:bool 17stdinOnce:bool 18tty:bool
ContainerPort 1name:string 2hostPort:int 3containerPort:int! 4protocol:string 5hostIP:string
ContainerResizePolicy 1resourceName:string! 2restartPolicy:string!
ContainerRestartRule 1action:string 2exitCodes:ContainerRestartRuleOnExitCodes!
ContainerRestartRuleOnExitCodes 1operator:string 2values:*int
DeleteOptions 1gracePeriodSeconds:int! 2preconditions:Preconditions! 3orphanDependents:bool! 4propagationPolicy:string! 5dryRun:*string 6ignoreStoreReadErrorWithClusterBreakingPotential:bool!
Deployment 1metadata:ObjectMeta 2spec:DeploymentSpec
DeploymentSpec 1replicas:int! 2selector:LabelSelector! 3template:PodTemplateSpec 4strategy:DeploymentStrategy 5minReadySeconds:int 6revisionHistoryLimit:int! 7paused:bool 9progressDeadlineSeconds:int!
DeploymentStrategy 1type:string 2rollingUpdate:RollingUpdateDeployment!
DownwardAPIProjection 1items:*DownwardAPIVolumeFile
DownwardAPIVolumeFile 1path:string! 2fieldRef:ObjectFieldSelector! 3resourceFieldRef:ResourceFieldSelector! 4mode:int!
DownwardAPIVolumeSource 1items:*DownwardAPIVolumeFile 2defaultMode:int!
EmptyDirVolumeSource 1medium:string 2sizeLimit:quantity!
EnvFromSource 1prefix:string 2configMapRef:ConfigMapEnvSource! 3secretRef:SecretEnvSource!
EnvVar 1name:string! 2value:string 3valueFrom:EnvVarSource!
EnvVarSource 1fieldRef:ObjectFieldSelector! 2resourceFieldRef:ResourceFieldSelector! 3configMapKeyRef:ConfigMapKeySelector! 4secretKeyRef:SecretKeySelector! 5fileKeyRef:FileKeySelector!
EphemeralContainer 1^:EphemeralContainerCommon 2targetContainerName:string
EphemeralContainerCommon 1name:string! 2image:string 3command:*string 4args:*string 5workingDir:string 6ports:*ContainerPort 19envFrom:*EnvFromSource 7env:*EnvVar 8resources:ResourceRequirements 23resizePolicy:*ContainerResizePolicy 24restartPolicy:string! 25restartPolicyRules:*ContainerRestartRule 9volumeMounts:*VolumeMount 21volumeDevices:*VolumeDevice 10livenessProbe:Probe! 11readinessProbe:Probe! 22startupProbe:Probe! 12lifecycle:Lifecycle! 13terminationMessagePath:string 20terminationMessagePolicy:string 14imagePullPolicy:string 15securityContext:SecurityContext! 16stdin:bool 17stdinOnce:bool 18tty:bool
EphemeralVolumeSource 1volumeClaimTemplate:PersistentVolumeClaimTemplate!
Event 1metadata:ObjectMeta 2involvedObject:ObjectReference 3reason:string 4message:string 5source:EventSource 6firstTimestamp:time 7lastTimestamp:time 8count:int 9type:string 10eventTime:time 11series:EventSeries! 12action:string 13related:ObjectReference! 14reportingComponent:string! 15reportingInstance:string!
EventSeries 1count:int 2lastObservedTime:time
EventSource 1component:string 2host:string
ExecAction 1command:*string
FCVolumeSource 1targetWWNs:*string 2lun:int! 3fsType:string 4readOnly:bool 5wwids:*string
FieldSelectorAttributes 1rawSelector:string 2requirements:*FieldSelectorRequirement
FieldSelectorRequirement 1key:string! 2operator:string! 3values:*string
FileKeySelector 1volumeName:string! 2path:string! 3key:string! 4optional:bool!
FlexVolumeSource 1driver:string! 2fsType:string 3secretRef:LocalObjectReference! 4readOnly:bool 5options:%string
FlockerVolumeSource 1datasetName:string 2datasetUUID:string
GCEPersistentDiskVolumeSource 1pdName:string! 2fsType:string 3partition:int 4readOnly:bool
GRPCAction 1port:int! 2service:string!
GitRepoVolumeSource 1repository:string! 2revision:string 3directory:string
GlusterfsVolumeSource 1endpoints:string! 2path:string! 3readOnly:bool
HTTPGetAction 1path:string 2port:intOrString 3host:string 4scheme:string 5httpHeaders:*HTTPHeader
HTTPHeader 1name:string! 2value:string!
HostAlias 1ip:string! 2hostnames:*string
HostPathVolumeSource 1path:string! 2type:string!
ISCSIVolumeSource 1targetPortal:string! 2iqn:string! 3lun:int! 4iscsiInterface:string 5fsType:string 6readOnly:bool 7portals:*string 8chapAuthDiscovery:bool 11chapAuthSession:bool 10secretRef:LocalObjectReference! 12initiatorName:string!
ImageVolumeSource 1reference:string 2pullPolicy:string
KeyToPath 1key:string! 2path:string! 3mode:int!
LabelSelector 1matchLabels:%string 2matchExpressions:*LabelSelectorRequirement
LabelSelectorAttributes 1rawSelector:string 2requirements:*LabelSelectorRequirement
LabelSelectorRequirement 1key:string! 2operator:string! 3values:*string
Lease 1metadata:ObjectMeta 2spec:LeaseSpec
LeaseSpec 1holderIdentity:string! 2leaseDurationSeconds:int! 3acquireTime:time! 4renewTime:time! 5leaseTransitions:int! 6strategy:string! 7preferredHolder:string!
Lifecycle 1postStart:LifecycleHandler! 2preStop:LifecycleHandler! 3stopSignal:string!
LifecycleHandler 1exec:ExecAction! 2httpGet:HTTPGetAction! 3tcpSocket:TCPSocketAction! 4sleep:SleepAction!
LocalObjectReference 1name:string
NFSVolumeSource 1server:string! 2path:string! 3readOnly:bool
Namespace 1metadata:ObjectMeta 2spec:NamespaceSpec
NamespaceSpec 1finalizers:*string
NodeAffinity 1requiredDuringSchedulingIgnoredDuringExecution:NodeSelector! 2preferredDuringSchedulingIgnoredDuringExecution:*PreferredSchedulingTerm
NodeSelector 1nodeSelectorTerms:*NodeSelectorTerm
NodeSelectorRequirement 1key:string! 2operator:string! 3values:*string
NodeSelectorTerm 1matchExpressions:*NodeSelectorRequirement 2matchFields:*NodeSelectorRequirement
NonResourceAttributes 1path:string 2verb:string
ObjectFieldSelector 1apiVersion:string 2fieldPath:string!
ObjectMeta 1name:string 2generateName:string 3namespace:string 4selfLink:string 5uid:string 6resourceVersion:string 7generation:int 8creationTimestamp:time 9deletionTimestamp:time! 10deletionGracePeriodSeconds:int! 11labels:%string 12annotations:%string 13ownerReferences:*OwnerReference 14finalizers:*string
ObjectReference 1kind:string 2namespace:string 3name:string 4uid:string 5apiVersion:string 6resourceVersion:string 7fieldPath:string
OwnerReference 5apiVersion:string! 1kind:string! 3name:string! 4uid:string! 6controller:bool! 7blockOwnerDeletion:bool!
PersistentVolumeClaim 1metadata:ObjectMeta 2spec:PersistentVolumeClaimSpec
PersistentVolumeClaimSpec 1accessModes:*string 4selector:LabelSelector! 2resources:VolumeResourceRequirements 3volumeName:string 5storageClassName:string! 6volumeMode:string! 7dataSource:TypedLocalObjectReference! 8dataSourceRef:TypedObjectReference! 9volumeAttributesClassName:string!
PersistentVolumeClaimTemplate 1metadata:ObjectMeta 2spec:PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource 1claimName:string! 2readOnly:bool
PhotonPersistentDiskVolumeSource 1pdID:string! 2fsType:string
Pod 1metadata:ObjectMeta 2spec:PodSpec
PodAffinity 1requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm 2preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
PodAffinityTerm 1labelSelector:LabelSelector! 2namespaces:*string 3topologyKey:string! 4namespaceSelector:LabelSelector! 5matchLabelKeys:*string 6mismatchLabelKeys:*string
PodAntiAffinity 1requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm 2preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
PodCertificateProjection 1signerName:string 2keyType:string 3maxExpirationSeconds:int! 4credentialBundlePath:string 5keyPath:string 6certificateChainPath:string 7userAnnotations:%string
PodDNSConfig 1nameservers:*string 2searches:*string 3options:*PodDNSConfigOption
PodDNSConfigOption 1name:string 2value:string!
PodDisruptionBudget 1metadata:ObjectMeta 2spec:PodDisruptionBudgetSpec
PodDisruptionBudgetSpec 1minAvailable:intOrString! 2selector:LabelSelector! 3maxUnavailable:intOrString! 4unhealthyPodEvictionPolicy:string!
PodOS 1name:string!
PodReadinessGate 1conditionType:string!
PodResourceClaim 1name:string! 3resourceClaimName:string! 4resourceClaimTemplateName:string!
PodSchedulingGate 1name:string!
PodSecurityContext 1seLinuxOptions:SELinuxOptions! 8windowsOptions:WindowsSecurityContextOptions! 2runAsUser:int! 6runAsGroup:int! 3runAsNonRoot:bool! 4supplementalGroups:*int 12supplementalGroupsPolicy:string! 5fsGroup:int! 7sysctls:*Sysctl 9fsGroupChangePolicy:string! 10seccompProfile:SeccompProfile! 11appArmorProfile:AppArmorProfile! 13seLinuxChangePolicy:string!
PodSpec 1volumes:*Volume 20initContainers:*Container 2containers:*Container 34ephemeralContainers:*EphemeralContainer 3restartPolicy:string 4terminationGracePeriodSeconds:int! 5activeDeadlineSeconds:int! 6dnsPolicy:string 7nodeSelector:%string 8serviceAccountName:string 9serviceAccount:string 21automountServiceAccountToken:bool! 10nodeName:string 11hostNetwork:bool 12hostPID:bool 13hostIPC:bool 27shareProcessNamespace:bool! 14securityContext:PodSecurityContext! 15imagePullSecrets:*LocalObjectReference 16hostname:string 17subdomain:string 18affinity:Affinity! 19schedulerName:string 22tolerations:*Toleration 23hostAliases:*HostAlias 24priorityClassName:string 25priority:int! 26dnsConfig:PodDNSConfig! 28readinessGates:*PodReadinessGate 29runtimeClassName:string! 30enableServiceLinks:bool! 31preemptionPolicy:string! 32overhead:%quantity 33topologySpreadConstraints:*TopologySpreadConstraint 35setHostnameAsFQDN:bool! 36os:PodOS! 37hostUsers:bool! 38schedulingGates:*PodSchedulingGate 39resourceClaims:*PodResourceClaim 40resources:ResourceRequirements! 41hostnameOverride:string! 42workloadRef:WorkloadReference!
PodTemplateSpec 1metadata:ObjectMeta 2spec:PodSpec
PolicyRule 1verbs:*string 2apiGroups:*string 3resources:*string 4resourceNames:*string 5nonResourceURLs:*string
PortworxVolumeSource 1volumeID:string! 2fsType:string 3readOnly:bool
Preconditions 1uid:string! 2resourceVersion:string!
PreferredSchedulingTerm 1weight:int! 2preference:NodeSelectorTerm
Probe 1^:ProbeHandler 2initialDelaySeconds:int 3timeoutSeconds:int 4periodSeconds:int 5successThreshold:int 6failureThreshold:int 7terminationGracePeriodSeconds:int!
ProbeHandler 1exec:ExecAction! 2httpGet:HTTPGetAction! 3tcpSocket:TCPSocketAction! 4grpc:GRPCAction!
ProjectedVolumeSource 1sources:*VolumeProjection 2defaultMode:int!
QuobyteVolumeSource 1registry:string! 2volume:string! 3readOnly:bool 4user:string 5group:string 6tenant:string
RBDVolumeSource 1monitors:*string 2image:string! 3fsType:string 4pool:string 5user:string 6keyring:string 7secretRef:LocalObjectReference! 8readOnly:bool
ResourceAttributes 1namespace:string 2verb:string 3group:string 4version:string 5resource:string 6subresource:string 7name:string 8fieldSelector:FieldSelectorAttributes! 9labelSelector:LabelSelectorAttributes!
ResourceClaim 1name:string! 2request:string
ResourceFieldSelector 1containerName:string 2resource:string! 3divisor:quantity
ResourceRequirements 1limits:%quantity 2requests:%quantity 3claims:*ResourceClaim
Role 1metadata:ObjectMeta 2rules:*PolicyRule
RoleBinding 1metadata:ObjectMeta 2subjects:*Subject 3roleRef:RoleRef
RoleRef 1apiGroup:string! 2kind:string! 3name:string!
RollingUpdateDeployment 1maxUnavailable:intOrString! 2maxSurge:intOrString!
RollingUpdateStatefulSetStrategy 1partition:int! 2maxUnavailable:intOrString!
SELinuxOptions 1user:string 2role:string 3type:string 4level:string
Scale 1metadata:ObjectMeta 2spec:ScaleSpec
ScaleIOVolumeSource 1gateway:string! 2system:string! 3secretRef:LocalObjectReference! 4sslEnabled:bool 5protectionDomain:string 6storagePool:string 7storageMode:string 8volumeName:string 9fsType:string 10readOnly:bool
ScaleSpec 1replicas:int
SeccompProfile 1type:string! 2localhostProfile:string!
Secret 1metadata:ObjectMeta 5immutable:bool! 2data:%bytes 4stringData:%string 3type:string
SecretEnvSource 1^:LocalObjectReference 2optional:bool!
SecretKeySelector 1^:LocalObjectReference 2key:string! 3optional:bool!
SecretProjection 1^:LocalObjectReference 2items:*KeyToPath 4optional:bool!
SecretVolumeSource 1secretName:string 2items:*KeyToPath 3defaultMode:int! 4optional:bool!
SecurityContext 1capabilities:Capabilities! 2privileged:bool! 3seLinuxOptions:SELinuxOptions! 10windowsOptions:WindowsSecurityContextOptions! 4runAsUser:int! 8runAsGroup:int! 5runAsNonRoot:bool! 6readOnlyRootFilesystem:bool! 7allowPrivilegeEscalation:bool! 9procMount:string! 11seccompProfile:SeccompProfile! 12appArmorProfile:AppArmorProfile!
SelfSubjectAccessReview 1metadata:ObjectMeta 2spec:SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec 1resourceAttributes:ResourceAttributes! 2nonResourceAttributes:NonResourceAttributes!
SelfSubjectReview 1metadata:ObjectMeta
SelfSubjectRulesReview 1metadata:ObjectMeta 2spec:SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec 1namespace:string
Service 1metadata:ObjectMeta 2spec:ServiceSpec
ServiceAccount 1metadata:ObjectMeta 2secrets:*ObjectReference 3imagePullSecrets:*LocalObjectReference 4automountServiceAccountToken:bool!
ServiceAccountTokenProjection 1audience:string 2expirationSeconds:int! 3path:string!
ServicePort 1name:string 2protocol:string 6appProtocol:string! 3port:int! 4targetPort:intOrString 5nodePort:int
ServiceSpec 1ports:*ServicePort 2selector:%string 3clusterIP:string 18clusterIPs:*string 4type:string 5externalIPs:*string 7sessionAffinity:string 8loadBalancerIP:string 9loadBalancerSourceRanges:*string 10externalName:string 11externalTrafficPolicy:string 12healthCheckNodePort:int 13publishNotReadyAddresses:bool 14sessionAffinityConfig:SessionAffinityConfig! 19ipFamilies:*string 17ipFamilyPolicy:string! 20allocateLoadBalancerNodePorts:bool! 21loadBalancerClass:string! 22internalTrafficPolicy:string! 23trafficDistribution:string!
SessionAffinityConfig 1clientIP:ClientIPConfig!
SleepAction 1seconds:int!
StatefulSet 1metadata:ObjectMeta 2spec:StatefulSetSpec
StatefulSetOrdinals 1start:int!
StatefulSetPersistentVolumeClaimRetentionPolicy 1whenDeleted:string 2whenScaled:string
StatefulSetSpec 1replicas:int! 2selector:LabelSelector! 3template:PodTemplateSpec 4volumeClaimTemplates:*PersistentVolumeClaim 5serviceName:string! 6podManagementPolicy:string 7updateStrategy:StatefulSetUpdateStrategy 8revisionHistoryLimit:int! 9minReadySeconds:int 10persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy! 11ordinals:StatefulSetOrdinals!
StatefulSetUpdateStrategy 1type:string 2rollingUpdate:RollingUpdateStatefulSetStrategy!
StorageOSVolumeSource 1volumeName:string 2volumeNamespace:string 3fsType:string 4readOnly:bool 5secretRef:LocalObjectReference!
Subject 1kind:string! 2apiGroup:string 3name:string! 4namespace:string
SubjectAccessReview 1metadata:ObjectMeta 2spec:SubjectAccessReviewSpec
SubjectAccessReviewSpec 1resourceAttributes:ResourceAttributes! 2nonResourceAttributes:NonResourceAttributes! 3user:string 4groups:*string 5extra:%list 6uid:string
Sysctl 1name:string! 2value:string!
TCPSocketAction 1port:intOrString 2host:string
TokenRequest 1metadata:ObjectMeta 2spec:TokenRequestSpec
TokenRequestSpec 1audiences:*string 4expirationSeconds:int! 3boundObjectRef:BoundObjectReference!
Toleration 1key:string 2operator:string 3value:string 4effect:string 5tolerationSeconds:int!
TopologySpreadConstraint 1maxSkew:int! 2topologyKey:string! 3whenUnsatisfiable:string! 4labelSelector:LabelSelector! 5minDomains:int! 6nodeAffinityPolicy:string! 7nodeTaintsPolicy:string! 8matchLabelKeys:*string
TypedLocalObjectReference 1apiGroup:string! 2kind:string! 3name:string!
TypedObjectReference 1apiGroup:string! 2kind:string! 3name:string! 4namespace:string!
Volume 1name:string! 2^:VolumeSource
VolumeDevice 1name:string! 2devicePath:string!
VolumeMount 1name:string! 2readOnly:bool 7recursiveReadOnly:string! 3mountPath:string! 4subPath:string 5mountPropagation:string! 6subPathExpr:string
VolumeProjection 1secret:SecretProjection! 2downwardAPI:DownwardAPIProjection! 3configMap:ConfigMapProjection! 4serviceAccountToken:ServiceAccountTokenProjection! 5clusterTrustBundle:ClusterTrustBundleProjection! 6podCertificate:PodCertificateProjection!
VolumeResourceRequirements 1limits:%quantity 2requests:%quantity
VolumeSource 1hostPath:HostPathVolumeSource! 2emptyDir:EmptyDirVolumeSource! 3gcePersistentDisk:GCEPersistentDiskVolumeSource! 4awsElasticBlockStore:AWSElasticBlockStoreVolumeSource! 5gitRepo:GitRepoVolumeSource! 6secret:SecretVolumeSource! 7nfs:NFSVolumeSource! 8iscsi:ISCSIVolumeSource! 9glusterfs:GlusterfsVolumeSource! 10persistentVolumeClaim:PersistentVolumeClaimVolumeSource! 11rbd:RBDVolumeSource! 12flexVolume:FlexVolumeSource! 13cinder:CinderVolumeSource! 14cephfs:CephFSVolumeSource! 15flocker:FlockerVolumeSource! 16downwardAPI:DownwardAPIVolumeSource! 17fc:FCVolumeSource! 18azureFile:AzureFileVolumeSource! 19configMap:ConfigMapVolumeSource! 20vsphereVolume:VsphereVirtualDiskVolumeSource! 21quobyte:QuobyteVolumeSource! 22azureDisk:AzureDiskVolumeSource! 23photonPersistentDisk:PhotonPersistentDiskVolumeSource! 26projected:ProjectedVolumeSource! 24portworxVolume:PortworxVolumeSource! 25scaleIO:ScaleIOVolumeSource! 27storageos:StorageOSVolumeSource! 28csi:CSIVolumeSource! 29ephemeral:EphemeralVolumeSource! 30image:ImageVolumeSource!
VsphereVirtualDiskVolumeSource 1volumePath:string! 2fsType:string 3storagePolicyName:string 4storagePolicyID:string
WeightedPodAffinityTerm 1weight:int! 2podAffinityTerm:PodAffinityTerm
WindowsSecurityContextOptions 1gmsaCredentialSpecName:string! 2gmsaCredentialSpec:string! 3runAsUserName:string! 4hostProcess:bool!
WorkloadReference 1name:string! 2podGroup:string! 3podGroupReplicaKey:string
`

const LINES = new Map(
  TABLE.trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(' ')), line] as const),
)
const parsed = new Map<string, Field[]>()

/** Undefined: no such message. */
export function fieldsOf(message: string): Field[] | undefined {
  let fields = parsed.get(message)
  if (fields === undefined) {
    const line = LINES.get(message)
    if (line === undefined) return undefined
    fields = [...line.matchAll(/ (\d+)([^:]+):([*%]?)(\w+)(!?)/g)].map(
      ([, number, name = '', shape, type = '', keeps]) => ({
        number: Number(number),
        name: name === '^' ? undefined : name,
        type,
        shape: shape === '*' ? 'list' : shape === '%' ? 'map' : 'one',
        keepsEmpty: keeps === '!',
      }),
    )
    parsed.set(message, fields)
  }
  return fields
}
