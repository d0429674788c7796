/**
 * What befalls the process of a node.
 *
 * @since 0.1.0
 */

/**
 * A node that stops answering without ending, and answers again. `ResumeNode` without a node: all that hang.
 *
 * @since 0.1.0
 * @category models
 */
export type NodeFault =
  | { readonly _tag: "HangNode"; readonly clusterId: string; readonly shardId: string; readonly nodeId: string }
  | { readonly _tag: "ResumeNode"; readonly clusterId: string; readonly nodeId?: string | undefined }
