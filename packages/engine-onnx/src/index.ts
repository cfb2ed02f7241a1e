export { Graph } from './graph/graph.js';
