% Peaks and clusters of t-maps by SPM12's own functions (spm/spm12 on GitHub, commit f6948ff: spm_P_RF, spm_ECdensity,
% spm_Pcdf, spm_Tcdf, spm_z2p, spm_P_FDR, spm_P_clusterFDR, spm_P_peakFDR), called as spm_list calls them.
% octave-cli --eval "addpath spm12; make_spm"      (Octave 7.3.0)
% Several studies (df, threshold, resels, FWHM); of each the clusters' sizes and the peaks' heights, one row per feature.

studies = {  % df, threshold, resel counts, FWHM in voxels
  82,  3.1946, [2 31.5 260.2 780.9],    [2.9 3.1 2.7]
  554, 3.1050, [1 40.1 410.7 1500.3],   [2.5 2.6 2.4]
  20,  3.5518, [3 20.0 120.0 300.0],    [4.1 4.4 3.9]
  12,  2.6810, [1 9.5 30.1 33.3],       [6.0 6.5 5.5]
  200, 3.1315, [1 12.0 55.0 0],         [3.0 3.0 1.0]};
sizes = [412 150 97 60 33 33 21 14 8 5 3 2 1 1 1];
excess = [6.1 3.3 2.6 2.05 1.7 1.3 1.1 .8 .61 .4 .33 .2 .11 .05 .01];
out = fopen('spm_topological.csv', 'w');
fprintf(out, 'study,df,threshold,r0,r1,r2,r3,fwhm_x,fwhm_y,fwhm_z,size,height,extent_p,cluster_p,cluster_q,peak_p,peak_q,expected\n');
for s = 1:rows(studies)
  [v, u, R, F] = studies{s, :};
  D = find(R, 1, 'last') - 1;
  V2R = 1 / prod(F(1:D));
  Pc = []; Pp = [];
  for i = 1:numel(sizes)
    [~, Pc(i), Eu] = spm_P_RF(1, sizes(i) * V2R, u, [1 v], 'T', R, 1);
    [~, ~, Ez] = spm_P_RF(1, 0, u + excess(i), [1 v], 'T', R, 1);
    Pp(i) = Ez / Eu;
  end
  Pc = sort(Pc)'; Pp = sort(Pp)';
  for i = 1:numel(sizes)
    k = sizes(i) * V2R; z = u + excess(i);
    [P, p, Ec] = spm_P_RF(1, k, u, [1 v], 'T', R, 1);
    Q = spm_P_clusterFDR(k, [1 v], 'T', R, 1, u, Pc);
    Pz = spm_P_RF(1, 0, z, [1 v], 'T', R, 1);
    Qz = spm_P_peakFDR(z, [1 v], 'T', R, 1, u, Pp);
    fprintf(out, '%d,%d,%.10g,%.10g,%.10g,%.10g,%.10g,%g,%g,%g,%d,%.10g,%.12g,%.12g,%.12g,%.12g,%.12g,%.12g\n', ...
      s, v, u, R, F, sizes(i), z, p, P, Q, Pz, Qz, Ec);
  end
end
fclose(out);
