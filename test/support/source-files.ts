// The files of a repository out of an object: text, or where a symbolic link points.
import { realPath, type SourceFiles, type TreeEntry, treeOf } from '../../lib/model/tree.ts';

export function sourceFiles(files: Readonly<Record<string, string | { readonly link: string }>>): SourceFiles {
  const entries = Object.entries(files).map(([path, file]): [string, TreeEntry] => [
    path,
    typeof file === 'string' ? { kind: 'file', hash: file } : { kind: 'link', hash: file.link, target: file.link },
  ]);
  const tree = treeOf(new Map(entries));
  return {
    tree,
    read: (path) => {
      const file = files[realPath(tree, path) ?? ''];
      return typeof file === 'string' ? file : undefined;
    },
  };
}
